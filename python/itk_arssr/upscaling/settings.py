"""How a scan is super-resolved: the grid, the network's computation, and what is done to the result."""

from dataclasses import dataclass, field
from pathlib import Path

from itk_arssr.acquisition.scan import Told
from itk_arssr.common.options import PerAxis

MOST_BACK_PROJECTIONS = 10  # by default; a scan without noise needs no more


@dataclass(frozen=True)
class Target:
    """The grid to compute; exactly one of scale, spacing and like is given."""

    scale: PerAxis | None = None
    spacing: PerAxis | None = None
    like: Path | None = None
    like_series: tuple[str, ...] = ()  # series of ``like`` to use, if that is DICOM

    @property
    def label(self) -> str:
        """Part of the output's file name that states the grid."""
        if self.scale is not None:
            return f"{self.scale.label}x"
        if self.spacing is not None:
            return f"{self.spacing.label}mm"
        return f"like_{self.like.name.split('.')[0]}"


@dataclass(frozen=True)
class BackProjections:
    """How often the residual of a result is projected back."""

    number: int = 0
    stop_at_noise: bool = False  # earlier, when the result agrees with its scan to within the noise

    def __bool__(self) -> bool:
        return self.number > 0

    def __str__(self) -> str:
        return "auto" if self.stop_at_noise else str(self.number)


@dataclass(frozen=True)
class Settings:
    """How to super-resolve; ``None`` leaves the filter's own default."""

    target: Target
    device: str = "auto"
    memory_mib: int | None = None
    window: tuple[float, float] | None = None
    intensity_scaling: bool = True
    consistency: BackProjections = BackProjections()  # to make the result agree with its scan
    tolerance: float = 0.0  # largest residual that they do not correct, in intensities
    precision: str = "float32"
    bounded: bool = True  # voxels are kept within the scan's local range
    told: Told = field(default_factory=Told)  # how the scan was taken
    quality: int = 1  # passes over mirrored copies of the scan, whose mean is the result


def parse_back_projections(text: str) -> BackProjections:
    """A number of them, or ``auto`` for as many as the scan's noise allows."""
    if text.strip() == "auto":
        return BackProjections(MOST_BACK_PROJECTIONS, stop_at_noise=True)
    try:
        number = int(text)
    except ValueError:
        raise ValueError(f"'{text}' is neither a number of back-projections nor auto") from None
    if number < 0:
        raise ValueError(f"'{text}' is not a number of back-projections; expected 0 or more, or auto")
    return BackProjections(number)
