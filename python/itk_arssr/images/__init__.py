"""Images: finding, reading and writing them, and the grids on which they lie."""
