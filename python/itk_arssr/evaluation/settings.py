"""What is to be evaluated, and how: the settings of ``arssr evaluate`` and their text forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import itk

from itk_arssr.common.errors import UserError, description
from itk_arssr.common.options import PerAxis, parse_per_axis
from itk_arssr.common.wording import times
from itk_arssr.upscaling.settings import MOST_BACK_PROJECTIONS, BackProjections

_PART = re.compile(r"(\d*):(\d*)")
_ONE = re.compile(r"0*1(\.0*)?")
_AXES = "xyz"
_DEFAULT_PROFILE = "gaussian"
_CUT_BY_GAPS = ("gaussian", "box")  # profiles of slices; k-space along the third axis of a 3-D scan has no gaps
PICTURES = ("worst.png", "best.png")  # of the slices with the lowest and the highest gain


class Degradation(StrEnum):
    """How low-resolution scans are made from the true ones."""

    SLICE_PROFILE = "slice-profile"
    CUBIC = "cubic"


@dataclass(frozen=True)
class Condition:
    """How an image is degraded: scale, point spread, and noise."""

    scale: PerAxis
    profile: str = _DEFAULT_PROFILE  # in the words of itk::ArSSRAcquisition; widths that it leaves open are LR spacings
    noise: float = 0.0  # standard deviation of the Rician noise, in percent of the range that intensities are scaled to
    gap: float = 0.0  # between thick slices, in percent of their distance

    @property
    def slice_axis(self) -> int | None:
        """The axis across thick slices: the only one that gets coarser."""
        coarser = [axis for axis, factor in enumerate(self.scale.values) if factor > 1]
        return coarser[0] if len(coarser) == 1 else None

    @property
    def has_meaning(self) -> bool:
        """Whether the gap makes a difference to the condition: gaps are between slices of a 2-D scan."""
        return not self.gap or (self.slice_axis is not None and self.profile in _CUT_BY_GAPS)

    def acquisition(self, spacing: tuple[float, ...]) -> itk.ArSSRAcquisition:
        """How the low-resolution scan is taken of an image with this spacing, in mm, and intensity range [0, 1]."""
        acquisition = itk.ArSSRAcquisition.FromText(self.profile)
        if self.gap:
            thickness = (1 - self.gap / 100) * self.scale.values[self.slice_axis] * spacing[self.slice_axis]
            spread = itk.ArSSRPointSpread.FromText(f"{self.profile}:{thickness!r}")
            acquisition.SetPointSpread(self.slice_axis, spread)
        if self.noise:
            acquisition.SetNoise(self.noise / 100, itk.ArSSRAcquisitionEnums.Noise_Rician)
        return acquisition

    def __str__(self) -> str:
        parts = [str(self.scale) if self.profile == _DEFAULT_PROFILE else f"{self.scale} {self.profile}"]
        if self.gap:
            parts.append(f"{self.gap:g} % gap")
        if self.noise:
            parts.append(f"{self.noise:g} % noise")
        return ", ".join(parts)


@dataclass(frozen=True)
class Crop:
    """Part of an image, a first and an end index for each axis (x, y, z); ``None`` stands for the image's own."""

    ends: tuple[tuple[int | None, int | None], ...]

    @property
    def first(self) -> tuple[int, ...]:
        """Index of the part's first voxel."""
        return tuple(first or 0 for first, _ in self.ends)

    def region(self, size: tuple[int, ...]) -> tuple[list[int], list[int]]:
        """Index and size of the part of an image of this size."""
        index, lengths = [], []
        for axis, begin, (_, end), length in zip(_AXES, self.first, self.ends, size, strict=True):
            stop = length if end is None else end
            if not begin < stop <= length:
                raise UserError(
                    f"the crop {begin}:{stop} along {axis} is not within 0:{length}; the image has {times(size)} voxels"
                )
            index.append(begin)
            lengths.append(stop - begin)
        return index, lengths

    def __str__(self) -> str:
        return ",".join(":".join("" if end is None else str(end) for end in ends) for ends in self.ends)


@dataclass(frozen=True)
class Evaluation:
    """How images are degraded, restored and measured."""

    scales: tuple[PerAxis, ...]
    profiles: tuple[str, ...] = (_DEFAULT_PROFILE,)
    noise: tuple[float, ...] = (0.0,)
    gaps: tuple[float, ...] = (0.0,)
    degradation: Degradation = Degradation.SLICE_PROFILE
    iterations: BackProjections = field(default_factory=lambda: BackProjections(MOST_BACK_PROJECTIONS))
    border: int = 6
    crop: Crop | None = None
    intensity_scaling: bool = True
    quality: int = 1

    @property
    def back_projections(self) -> int:
        """Most iterations that B-splines get: they may always have some, models only on request."""
        return self.iterations.number or MOST_BACK_PROJECTIONS

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every scale with every profile, gap and level of noise; gaps only with thick slices."""
        return tuple(self._conditions())

    def _conditions(self) -> Iterator[Condition]:
        for scale in self.scales:
            for profile in self.profiles:
                for gap in self.gaps:
                    for noise in self.noise:
                        condition = Condition(scale, profile, noise, gap)
                        if condition.has_meaning:
                            yield condition


def parse_scales(text: str) -> tuple[PerAxis, ...]:
    """``2,2.5,1x1x4``: scales separated by commas, each one number or one for each of x, y and z.

    Scales separated by semicolons may have commas in them: ``2;1,1,4``. Three numbers of which one is 1 are one scale,
    ``1,1,4``: a list has no scale of 1.
    """
    scales = []
    for part in _scale_texts(text):
        try:
            scale = parse_per_axis(part)
        except ValueError as error:
            raise ValueError(f"'{part}' is not a scale such as 2.5 or 1x1x4: {error}") from None
        if min(scale.values) < 1 or max(scale.values) == 1:
            raise ValueError(f"the scale '{part}' makes no voxel larger; give numbers of at least 1, one above 1")
        if scale in scales:
            raise ValueError(
                f"the scale '{part}' is given twice; one scale with a number for each of x, y and z is written 2x2x4"
            )
        scales.append(scale)
    return tuple(scales)


def parse_profiles(text: str) -> tuple[str, ...]:
    """``gaussian,box,sinc``: point spreads separated by commas, or by semicolons to allow ``z=box,xy=sinc``."""
    profiles: list[str] = []
    for part in text.removesuffix(";").split(";") if ";" in text or "=" in text else text.split(","):
        profile = part.strip()
        try:
            acquisition = itk.ArSSRAcquisition.FromText(profile)
        except RuntimeError as error:
            raise ValueError(description(error)) from None
        if acquisition.IsNoiseKnown():
            raise ValueError(f"the profile '{profile}' has noise; give it with --noise")
        if profile in profiles:
            raise ValueError(f"the profile '{profile}' is given twice")
        profiles.append(profile)
    return tuple(profiles)


def parse_percentages(text: str) -> tuple[float, ...]:
    """``0,2,5``: percentages from 0 to below 100, each once."""
    percentages: list[float] = []
    for part in text.split(","):
        try:
            percentage = float(part.removesuffix("%"))
        except ValueError:
            raise ValueError(f"'{part}' is not a percentage") from None
        if not 0 <= percentage < 100:
            raise ValueError(f"'{part}' is not a percentage from 0 to below 100")
        if percentage in percentages:
            raise ValueError(f"the percentage '{part}' is given twice")
        percentages.append(percentage)
    return tuple(percentages)


def _scale_texts(text: str) -> list[str]:
    if ";" in text:
        return text.removesuffix(";").split(";")
    parts = text.split(",")
    if len(parts) == len(_AXES) and any(_ONE.fullmatch(part.strip()) for part in parts):
        return [text]
    return parts


def parse_crop(text: str) -> Crop:
    """``50:122,50:122,30:102``: first and end index along x, y and z; either may be left out."""
    parts = text.split(",")
    matches = [_PART.fullmatch(part.strip()) for part in parts]
    if len(parts) != len(_AXES) or not all(matches):
        raise ValueError(
            f"'{text}' is not first:end for each of x, y and z, such as 50:122,50:122,30:102 or :,:,30:102"
        )
    return Crop(tuple((_index(match[1]), _index(match[2])) for match in matches if match))


def _index(text: str) -> int | None:
    return int(text) if text else None
