"""How a scan in a file was taken, found without keeping the scan in memory if its format allows."""

from __future__ import annotations

from dataclasses import replace

import itk

from itk_arssr.acquisition.scan import ScanDescription, Told, describe, describe_image
from itk_arssr.common.errors import UserError, description
from itk_arssr.images.io import open_lazily
from itk_arssr.images.sources import Source


def describe_source(source: Source) -> ScanDescription:
    """The description of a scan about which the user says nothing; a note explains why if its voxels cannot be read.

    A scan whose header cannot be read is an error.
    """
    volume = open_lazily(source, check_voxels=False)
    with volume.file as file:
        image = volume.reader.GetOutput()
        size, spacing = itk.size(image), itk.spacing(image)
        try:
            if file.nifti is not None:
                file.nifti.check_voxels()
            return describe_image(image, source.scan_parameters, Told())
        except (UserError, RuntimeError) as error:
            scan = describe(spacing, size, source.scan_parameters, Told())
            return replace(scan, notes=(f"nothing could be estimated from the voxels: {description(error)}",))
