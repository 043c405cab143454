"""Quality of restored images, gains over interpolation, and their means over images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from itk_arssr.evaluation.confidence import Mean, mean_of
from itk_arssr.evaluation.metrics import Quality
from itk_arssr.evaluation.settings import Condition

LINEAR, SPLINE = "linear", "B-spline"
BACK_PROJECTED = " + BP"
SPLINE_BP = SPLINE + BACK_PROJECTED
BASELINES = (LINEAR, SPLINE, SPLINE_BP)
DENOISED_SPLINE = "non-local means, " + SPLINE
RIVALS = (*BASELINES, DENOISED_SPLINE)  # the last one only with noise

FIGURES: dict[str, Callable[[Quality], float]] = {
    "psnr": lambda quality: quality.psnr,
    "ssim": lambda quality: quality.ssim,
}


@dataclass(frozen=True)
class Case:
    """One image under one condition: the quality of each method's result."""

    image: str
    condition: Condition
    qualities: dict[str, Quality]

    def figure(self, figure: str, method: str) -> float:
        """PSNR in dB, or SSIM, of a method's result."""
        return FIGURES[figure](self.qualities[method])

    @property
    def best_rival(self) -> str:
        """The method without a model that has the highest PSNR."""
        return max((rival for rival in RIVALS if rival in self.qualities), key=lambda rival: self.figure("psnr", rival))

    def gain(self, figure: str, method: str, baseline: str) -> float:
        """By how much a method's figure exceeds a baseline's; 0 if both results are perfect."""
        own, other = self.figure(figure, method), self.figure(figure, baseline)
        return 0.0 if own == other else own - other


@dataclass(frozen=True)
class Failure:
    """What could not be evaluated, and why."""

    name: str
    error: str


@dataclass
class Results:
    """All measurements, in the order in which they were made."""

    cases: list[Case] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def conditions(self) -> list[Condition]:
        """Conditions with at least one image."""
        return list(dict.fromkeys(case.condition for case in self.cases))

    def methods(self, condition: Condition) -> list[str]:
        """All methods that were tried under a condition, the baselines first."""
        return list(self.at(condition)[0].qualities)

    def at(self, condition: Condition) -> list[Case]:
        """The cases of one condition."""
        return [case for case in self.cases if case.condition == condition]

    def mean(self, condition: Condition, figure: str, method: str) -> Mean:
        """Mean of a figure over the images."""
        return mean_of([case.figure(figure, method) for case in self.at(condition)])

    def mean_gain(self, condition: Condition, figure: str, method: str, baseline: str) -> Mean:
        """Mean of the images' gains; its interval is that of paired differences."""
        return mean_of([case.gain(figure, method, baseline) for case in self.at(condition)])

    def gains_over_best(self, condition: Condition, method: str) -> list[float]:
        """Each image's gain in PSNR, in dB, over the rival that is best for it."""
        return [case.gain("psnr", method, case.best_rival) for case in self.at(condition)]

    def models(self, condition: Condition) -> list[str]:
        """The methods with a model."""
        return [method for method in self.methods(condition) if method not in RIVALS]


def gain_of_errors(error: float, other: float) -> float:
    """Gain in PSNR, in dB, of a mean squared error over another one."""
    if error == other:
        return 0.0
    return math.inf if error == 0 else -math.inf if other == 0 else 10 * math.log10(other / error)


def unique_names(names: Sequence[str]) -> list[str]:
    """The names, with repeated ones numbered."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(f"{name} ({seen[name]})" if names.count(name) > 1 else name)
    return unique
