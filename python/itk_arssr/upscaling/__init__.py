"""Super-resolution of a scan, a batch of scans, or a SimpleITK image."""
