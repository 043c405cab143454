"""What is to be evaluated, and how: the settings of ``arssr evaluate`` and their text forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from itk_arssr.errors import UserError
from itk_arssr.options import PerAxis, parse_per_axis
from itk_arssr.wording import times

_PART = re.compile(r"(\d*):(\d*)")
_ONE = re.compile(r"0*1(\.0*)?")
_AXES = "xyz"
_ITERATIONS = 10
PICTURES = ("worst.png", "best.png")  # of the slices with the lowest and the highest gain


class Degradation(StrEnum):
    """How low-resolution scans are made from the true ones."""

    SLICE_PROFILE = "slice-profile"
    CUBIC = "cubic"


@dataclass(frozen=True)
class Crop:
    """Part of an image, a first and an end index for each axis (x, y, z); none stands for the image's own."""

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
    degradation: Degradation = Degradation.SLICE_PROFILE
    iterations: int = _ITERATIONS
    border: int = 6
    crop: Crop | None = None
    intensity_scaling: bool = True

    @property
    def back_projections(self) -> int:
        """Iterations that B-splines get: they always get some, models only where some are asked for."""
        return self.iterations or _ITERATIONS


def parse_scales(text: str) -> tuple[PerAxis, ...]:
    """``2,2.5,1x1x4``: scales with commas between, each one number or one for each of x, y and z.

    With semicolons between scales, the numbers of one may have commas too: ``2;1,1,4``. Three numbers with a 1 among
    them are one scale, ``1,1,4``: a list has no scale of 1.
    """
    scales = []
    for part in _scale_texts(text):
        try:
            scale = parse_per_axis(part)
        except ValueError as error:
            raise ValueError(f"'{part}' is not a scale such as 2.5 or 1x1x4: {error}") from None
        if min(scale.values) < 1 or max(scale.values) == 1:
            raise ValueError(f"the scale '{part}' makes no voxel larger; each number is at least 1, and one is above 1")
        if scale in scales:
            raise ValueError(
                f"the scale '{part}' is there twice; one scale with a number for each of x, y and z is written 2x2x4"
            )
        scales.append(scale)
    return tuple(scales)


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
