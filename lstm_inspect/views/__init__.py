"""Report -> something to look at. Every view returns a string or a rich renderable; none prints."""
