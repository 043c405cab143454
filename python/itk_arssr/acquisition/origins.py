"""Sources of what is known about how a scan was taken, in order of trust."""

GIVEN, SIDECAR, IMAGE, ASSUMED = "given", "sidecar", "estimated from the image", "assumed"
