"""Making results agree with the scans that they come from, and measuring how well they do."""

from __future__ import annotations

from dataclasses import dataclass

import itk

from itk_arssr.acquisition.noise import ScanNoise
from itk_arssr.acquisition.origins import IMAGE
from itk_arssr.common.watch import Progress, Watch
from itk_arssr.upscaling.settings import BackProjections


@dataclass(frozen=True)
class Stopped:
    """Where back-projection ended if it was to end at the noise.

    Residuals are root mean squares over the voxels of the scan with a signal, in its intensities.
    """

    noise: ScanNoise
    iterations: int
    last_step: float  # share of the last iteration that was applied
    before: float
    after: float
    is_reached: bool  # whether that is noise

    def __str__(self) -> str:
        if self.noise.deviation == 0:
            return f"{self.noise}: {self._done}"
        change = f"{self.before:.3g} → {self.after:.3g}" if self.iterations else f"{self.after:.3g}"
        hint = "" if self.is_reached else ", still above the noise: are the point spreads right?"
        return f"{self.noise}: {self._done}, residual {change} where there is a signal{hint}"

    @property
    def _done(self) -> str:
        partly = f", the last one to {self.last_step:.0%}" if self.last_step < 1 else ""
        return f"{self.iterations} {'iteration' if self.iterations == 1 else 'iterations'}{partly}"


@dataclass(frozen=True)
class Agreement:
    """Residual of a result, its scan minus a scan simulated from it, in the scan's intensities."""

    before: float  # root mean square
    after: float  # the same, after the corrections
    largest: float  # absolute value, after them
    stopped: Stopped | None = None  # if that was requested

    def __str__(self) -> str:
        change = f"{self.before:.3g} → {self.after:.3g}" if self.after != self.before else f"{self.after:.3g}"
        text = f"residual {change} root mean square, {self.largest:.3g} at most"
        return text if self.stopped is None else f"{text}\nconsistency: {self.stopped}"


@dataclass(frozen=True)
class Corrected:
    """A result that was compared with its scan, and corrected if that was requested."""

    image: itk.Image
    residual: itk.Image  # float, on the scan's grid
    agreement: Agreement


def make_consistent(
    image: itk.Image,
    scan: itk.Image,
    iterations: BackProjections,
    watch: Watch,
    on_progress: Progress,
    tolerance: float = 0.0,
    acquisition: itk.ArSSRAcquisition | None = None,
    noise: ScanNoise | None = None,
) -> Corrected:
    """Correct an image by back-projection of its residual; without iterations it is only compared with its scan.

    ``acquisition`` is how the scan was taken, and ``noise`` its noise, if known.
    """
    consistency = itk.SliceProfileDataConsistencyImageFilter[type(image)].New(image)
    consistency.SetLowResolutionImage(scan)
    consistency.SetNumberOfIterations(iterations.number)
    consistency.SetStopAtNoise(iterations.stop_at_noise)
    consistency.SetTolerance(tolerance)
    if acquisition is not None:
        consistency.SetAcquisition(acquisition)
    with watch.over(consistency, on_progress):
        consistency.Update()
    agreement = Agreement(
        consistency.GetInitialResidualRootMeanSquare(),
        consistency.GetResidualRootMeanSquare(),
        consistency.GetResidualMaximum(),
        _stopped(consistency, noise) if iterations.stop_at_noise else None,
    )
    return Corrected(consistency.GetOutput(), consistency.GetResidualMap(), agreement)


def _stopped(consistency: itk.ProcessObject, noise: ScanNoise | None) -> Stopped:
    return Stopped(
        ScanNoise(consistency.GetNoise(), consistency.GetNoiseKind(), IMAGE if noise is None else noise.origin),
        consistency.GetNumberOfElapsedIterations(),
        consistency.GetLastStep(),
        consistency.GetInitialDiscrepancy(),
        consistency.GetDiscrepancy(),
        consistency.GetIsNoiseReached(),
    )
