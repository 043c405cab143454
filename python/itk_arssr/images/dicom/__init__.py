"""DICOM: found by content, converted by dcm2niix, and every slice checked against the volume that contains it."""
