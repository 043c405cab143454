"""Results made to agree with the scans that they come from, and how well they do."""

from __future__ import annotations

from dataclasses import dataclass

import itk

from itk_arssr.watch import Progress, Watch


@dataclass(frozen=True)
class Agreement:
    """Residual of a result, what its scan has and a scan simulated from it lacks, in the scan's intensities."""

    before: float  # root mean square
    after: float  # the same, after the corrections
    largest: float  # absolute value, after them

    def __str__(self) -> str:
        change = f"{self.before:.3g} → {self.after:.3g}" if self.after != self.before else f"{self.after:.3g}"
        return f"residual {change} root mean square, {self.largest:.3g} at most"


@dataclass(frozen=True)
class Corrected:
    """A result that was compared with its scan, and corrected where that was asked for."""

    image: itk.Image
    residual: itk.Image  # float, on the scan's grid
    agreement: Agreement


def make_consistent(
    image: itk.Image,
    scan: itk.Image,
    iterations: int,
    watch: Watch,
    on_progress: Progress,
    tolerance: float = 0.0,
    acquisition: itk.ArSSRAcquisition | None = None,
) -> Corrected:
    """Correct an image by back-projection of its residual; without iterations it is only compared with its scan.

    ``acquisition`` is how the scan was taken.
    """
    consistency = itk.SliceProfileDataConsistencyImageFilter[type(image)].New(image)
    consistency.SetLowResolutionImage(scan)
    consistency.SetNumberOfIterations(iterations)
    consistency.SetTolerance(tolerance)
    if acquisition is not None:
        consistency.SetAcquisition(acquisition)
    with watch.over(consistency, on_progress):
        consistency.Update()
    agreement = Agreement(
        consistency.GetInitialResidualRootMeanSquare(),
        consistency.GetResidualRootMeanSquare(),
        consistency.GetResidualMaximum(),
    )
    return Corrected(consistency.GetOutput(), consistency.GetResidualMap(), agreement)
