"""One slice: as the network sees it, as interpolation and the network restore it, and the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import itk
import numpy as np
import numpy.typing as npt

from itk_arssr.common.diagnostics import warnings_silenced
from itk_arssr.images import io
from itk_arssr.images.resample import as_float, grid_of, image_on, resample, scaled
from itk_arssr.images.simulation import simulate_low_resolution
from itk_arssr.images.sources import Source
from itk_arssr.pictures.slices import Slice, grey_range, middle_slice, normal_axis

PANELS = "LR, B-spline, model, truth"
_PART = 112  # voxels of the image's central part along each axis, at most
_HEIGHT = 224  # pixels of the picture, at least
_GAP = 4  # pixels between panels


class ExampleSlices:
    """The middle slice of the central part of a validation image, degraded once and restored by each model.

    ``scale`` has one number for each of x, y and z.
    """

    def __init__(self, source: Source, scale: Sequence[float], cubic: bool, device: str) -> None:
        truth = _central_part(as_float(io.read(source).image))
        grid = grid_of(truth)
        axis = normal_axis([truth])
        self._low = (
            resample(truth, scaled(grid, [1 / along for along in scale]), "B-spline")
            if cubic
            else simulate_low_resolution(truth, tuple(scale))
        )
        one = _slice_of(truth, axis)
        self._axis, self._device, self._grid = axis, device, one
        nearest = itk.NearestNeighborInterpolateImageFunction[type(truth), itk.D].New()
        blocks = itk.resample_image_filter(
            self._low, interpolator=nearest, use_reference_image=True, reference_image=one
        )
        self._before = [self._shown(blocks), self._shown(resample(self._low, grid_of(one), "B-spline"))]
        self._truth = self._shown(one)

    def draw(self, model: itk.ArSSRModel) -> npt.NDArray[np.uint8]:
        """The panels side by side, grey levels [row, column]."""
        image_type = type(self._low)
        upscale = itk.ArbitraryScaleSuperResolutionImageFilter[image_type, image_type].New(self._low)
        upscale.SetModel(model)
        upscale.SetDevice(self._device)
        upscale.SetOutputParametersFromImage(self._grid)
        with warnings_silenced():
            upscale.Update()
        return _beside((*self._before, self._shown(upscale.GetOutput()), self._truth))

    def _shown(self, image: itk.Image) -> Slice:
        shown = middle_slice(image, self._axis)
        return replace(shown, pixels=np.array(shown.pixels))  # the image is released


def _central_part(image: itk.Image) -> itk.Image:
    size = itk.size(image)
    lengths = [min(_PART, length) for length in size]
    return _extracted(image, [(whole - length) // 2 for whole, length in zip(size, lengths, strict=True)], lengths)


def _slice_of(image: itk.Image, axis: int) -> itk.Image:
    index, size = [0, 0, 0], list(itk.size(image))
    index[axis], size[axis] = size[axis] // 2, 1
    return _extracted(image, index, size)


def _extracted(image: itk.Image, index: Sequence[int], size: Sequence[int]) -> itk.Image:
    """A part of an image as an image of its own, whose start index is 0."""
    first = image.GetLargestPossibleRegion().GetIndex()
    origin = image.TransformIndexToPhysicalPoint([int(first[axis] + index[axis]) for axis in range(3)])
    x, y, z = (slice(begin, begin + length) for begin, length in zip(index, size, strict=True))
    part = replace(grid_of(image), size=tuple(size), origin=tuple(origin))
    return image_on(part, np.array(itk.array_view_from_image(image)[z, y, x]))


def _beside(slices: Sequence[Slice]) -> npt.NDArray[np.uint8]:
    truth = slices[-1]
    rows, columns = truth.pixels.shape
    pixel = min(truth.height / rows, truth.width / columns)
    enlarged = math.ceil(_HEIGHT * pixel / truth.height)
    down, across = (
        max(1, round(enlarged * length / count / pixel))
        for length, count in ((truth.height, rows), (truth.width, columns))
    )
    black, white = grey_range(truth)
    gap = np.full((rows * down, _GAP), 255, np.uint8)
    panels = []
    for shown in slices:
        grey = np.clip((shown.pixels.astype(np.float64) - black) / (white - black), 0, 1) * 255 + 0.5
        panels += [np.kron(grey.astype(np.uint8), np.ones((down, across), np.uint8)), gap]
    return np.hstack(panels[:-1])
