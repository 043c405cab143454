"""Scans super-resolved: one, a batch, or a SimpleITK image."""
