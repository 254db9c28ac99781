"""The user's own things: what they have, read and explained."""
