"""Restored images measured against true ones."""
