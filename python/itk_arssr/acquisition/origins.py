"""Where it is known from how a scan was taken, in the order in which it is believed."""

GIVEN, SIDECAR, IMAGE, ASSUMED = "given", "sidecar", "estimated from the image", "assumed"
