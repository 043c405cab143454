"""Training: its settings, images, run folder and display."""
