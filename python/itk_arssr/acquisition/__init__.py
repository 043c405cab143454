"""How a scan was taken, and where that is known from."""
