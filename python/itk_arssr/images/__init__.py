"""Images: which there are, how they are read and written, on which grid they lie."""
