"""Quality of restored images, gains over interpolation, and their means over images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from itk_arssr.confidence import Mean, mean_of
from itk_arssr.metrics import Quality
from itk_arssr.options import PerAxis

LINEAR, SPLINE = "linear", "B-spline"
BACK_PROJECTED = " + BP"
SPLINE_BP = SPLINE + BACK_PROJECTED
BASELINES = (LINEAR, SPLINE, SPLINE_BP)

FIGURES: dict[str, Callable[[Quality], float]] = {
    "psnr": lambda quality: quality.psnr,
    "ssim": lambda quality: quality.ssim,
}


@dataclass(frozen=True)
class Case:
    """One image at one scale: how good each method's result is."""

    image: str
    scale: PerAxis
    qualities: dict[str, Quality]

    def figure(self, figure: str, method: str) -> float:
        """PSNR in dB, or SSIM, of a method's result."""
        return FIGURES[figure](self.qualities[method])

    def gain(self, figure: str, method: str, baseline: str) -> float:
        """By how much a method's figure exceeds a baseline's; 0 where both results are perfect."""
        own, other = self.figure(figure, method), self.figure(figure, baseline)
        return 0.0 if own == other else own - other


@dataclass(frozen=True)
class Failure:
    """What could not be evaluated, and why."""

    name: str
    error: str


@dataclass
class Results:
    """All that was measured, in the order in which it was."""

    cases: list[Case] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def scales(self) -> list[PerAxis]:
        """Scales with at least one image."""
        return list(dict.fromkeys(case.scale for case in self.cases))

    @property
    def methods(self) -> list[str]:
        """All methods, the baselines first."""
        return list(self.cases[0].qualities) if self.cases else []

    def at(self, scale: PerAxis) -> list[Case]:
        """The cases of one scale."""
        return [case for case in self.cases if case.scale == scale]

    def mean(self, scale: PerAxis, figure: str, method: str) -> Mean:
        """Mean of a figure over the images."""
        return mean_of([case.figure(figure, method) for case in self.at(scale)])

    def mean_gain(self, scale: PerAxis, figure: str, method: str, baseline: str) -> Mean:
        """Mean of the images' gains; its interval is that of paired differences."""
        return mean_of([case.gain(figure, method, baseline) for case in self.at(scale)])


def gain_of_errors(error: float, other: float) -> float:
    """Gain in PSNR, in dB, of a mean squared error over another one."""
    if error == other:
        return 0.0
    return math.inf if error == 0 else -math.inf if other == 0 else 10 * math.log10(other / error)


def unique_names(names: Sequence[str]) -> list[str]:
    """The names, numbered where one is there more than once."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(f"{name} ({seen[name]})" if names.count(name) > 1 else name)
    return unique
