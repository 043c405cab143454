"""Pairs of volumes of one field of view, such as a scan and what was made from it."""

from __future__ import annotations

import itk
import numpy as np
from itk.arssr_support.pixel_types import computed_type
from itk.arssr_support.volumes import Volume


def images_of_pair(high: Volume, low: Volume, wrapped: frozenset[np.dtype]) -> tuple[itk.Image, itk.Image]:
    """Images of one type: that of the high-resolution volume where it holds all of the other one's values, else float.

    An array has no place in space: it gets the field of view of the other volume.
    """
    high_type = computed_type(high.dtype, wrapped, high.description)
    low_type = computed_type(low.dtype, wrapped, low.description)
    # Single precision is used within, so that float64 values lose nothing in float32.
    holds_both = high_type.kind == "f" or np.can_cast(low_type, high_type)
    common = high_type if holds_both else np.dtype(np.float32)
    high_image, low_image = high.image(common), low.image(common)
    if not low.has_grid:
        _place(low_image, high_image)
    elif not high.has_grid:
        _place(high_image, low_image)
    return high_image, low_image


def _place(image: itk.Image, on: itk.Image) -> None:
    """Give an image the field of view of another one: the box up to the outer faces of its outer voxels."""
    old = np.array(itk.spacing(on))
    new = old * itk.size(on) / itk.size(image)
    direction = itk.array_from_matrix(on.GetDirection())
    start = np.array(on.GetLargestPossibleRegion().GetIndex())
    image.SetSpacing(new)
    image.SetOrigin(np.array(itk.origin(on)) + direction @ (start * old + (new - old) / 2))
    image.SetDirection(on.GetDirection())
