"""Why torch refused a call, or what is wrong with one that it accepted: causes, and the line to write."""
