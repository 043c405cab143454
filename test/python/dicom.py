"""A DICOM series to test with."""

from pathlib import Path

import itk
import numpy as np


def write_series(image, folder: Path, slope: float = 1.0, intercept: float = 0.0, number: int = 1) -> None:
    """Write an image of shorts as a DICOM series, one file a slice, the files named in no spatial order.

    ``slope`` and ``intercept`` are those of the modality, by which readers turn stored values into intensities.
    """
    folder.mkdir(parents=True, exist_ok=True)
    series = f"1.2.826.0.1.3680043.2.1125.1.{number}"
    direction = itk.array_from_matrix(image.GetDirection())
    spacing, origin = np.array(itk.spacing(image)), np.array(itk.origin(image))
    names = np.random.default_rng(0).permutation(itk.size(image)[2])
    for position in range(len(names)):
        corner = origin + direction[:, 2] * spacing[2] * position
        one = itk.region_of_interest_image_filter(
            image, region_of_interest=itk.ImageRegion[3]([0, 0, position], [*list(itk.size(image))[:2], 1])
        )
        tags = {
            "0008|0060": "MR",
            "0010|0020": "test",
            "0020|000d": f"{series}.1",
            "0020|000e": f"{series}.2",
            "0020|0011": str(number),
            "0020|0013": str(position + 1),
            "0020|0032": _numbers(corner),
            "0020|0037": _numbers([*direction[:, 0], *direction[:, 1]]),
            "0020|0052": f"{series}.3",
            "0018|0050": _numbers(spacing[2:]),
            "0028|1052": str(intercept),
            "0028|1053": str(slope),
        }
        dictionary = one.GetMetaDataDictionary()
        for tag, value in tags.items():
            dictionary[tag] = value
        dicom = itk.GDCMImageIO.New()
        dicom.KeepOriginalUIDOn()
        name = folder / f"{names[position]:03d}.dcm"
        writer = itk.ImageFileWriter[type(image)].New(one, FileName=str(name), ImageIO=dicom)
        writer.Update()


def _numbers(values) -> str:
    return "\\".join(f"{value:.10g}" for value in values)
