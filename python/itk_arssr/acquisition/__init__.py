"""How a scan was taken, and the sources of that knowledge."""
