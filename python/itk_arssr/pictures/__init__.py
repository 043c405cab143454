"""Figures that compare slices of images."""
