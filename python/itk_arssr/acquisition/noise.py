"""The noise of a scan, and the source of its value."""

from __future__ import annotations

from dataclasses import dataclass

import itk

from itk_arssr.acquisition.origins import ASSUMED, IMAGE

_FEWEST_VOXELS = 4  # along at least one axis: from fewer, no noise can be estimated


@dataclass(frozen=True)
class ScanNoise:
    """The standard deviation of a scan's noise, in the scan's intensities."""

    deviation: float  # of Rician noise, that of each part of the complex signal; 0 if there is none
    kind: int  # of itk.ArSSRAcquisitionEnums.Noise
    origin: str

    @property
    def text(self) -> str:
        """``12.3 rician``, or ``none``."""
        if self.deviation <= 0:
            return "none"
        enums = itk.ArSSRAcquisitionEnums  # looked up here, as it loads the module, which --help does not need
        kinds = {enums.Noise_Gaussian: " gaussian", enums.Noise_Rician: " rician"}
        return f"{self.deviation:.4g}{kinds.get(self.kind, '')}"

    def __str__(self) -> str:
        return f"noise {self.text} ({self.origin})"


def estimated_noise(image: itk.ImageBase) -> ScanNoise:
    """Estimate the noise of an image; none if the image is too small for an estimate.

    The image may be the output of a reader that has read nothing yet: it is read in slabs if its format allows.
    """
    if max(itk.size(image)) < _FEWEST_VOXELS:
        return ScanNoise(0.0, itk.ArSSRAcquisitionEnums.Noise_Auto, ASSUMED)
    estimator = itk.ArSSRNoiseEstimator[type(image)].New(image)
    estimator.Compute()
    return ScanNoise(estimator.GetNoise(), estimator.GetUsedKind(), IMAGE)
