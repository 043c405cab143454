"""A training: its settings, its images, its run folder, and what is shown of it."""
