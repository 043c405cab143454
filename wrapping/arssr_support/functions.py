"""ITK's functions made to take volumes of any kind and voxel type."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from itk.arssr_support.keywords import spelled, with_primary_first
from itk.arssr_support.pixel_types import computed_type, dtype_of_image, wrapped_types
from itk.arssr_support.placing import images_of_pair
from itk.arssr_support.volumes import grid_of, volume_of

_GRIDS = ("ReferenceImage", "OutputParametersFromImage")
_SECOND = ("LowResolutionImage", "Input2")


def takes_volume(function: Callable, template: Any) -> Callable:
    """Let a function of one image, with another one for a grid, take volumes; the result is what the volume was.

    ITK's own decorator reverses the axes of column-major arrays, gives arrays that do not own their memory, takes a
    tensor's first axis for channels and refuses types that the filter is not compiled for.
    """

    @functools.wraps(function)
    def wrapper(*arguments: Any, **keywords: Any) -> Any:
        positional, rest = with_primary_first(arguments, keywords)
        if not positional:
            return function(**rest)
        for name in _GRIDS:
            key = spelled(rest, name)
            if key is not None and rest[key] is not None:
                rest[key] = grid_of(rest[key])
        volume = volume_of(positional[0])
        image = volume.image(_computed_type(volume, template, rest))
        return volume.restored(function(image, *positional[1:], **rest))

    return wrapper


def takes_pair(function: Callable, template: Any) -> Callable:
    """Let a function of a high-resolution image and of the scan it was made from take volumes, of two kinds perhaps."""

    @functools.wraps(function)
    def wrapper(*arguments: Any, **keywords: Any) -> Any:
        positional, rest = with_primary_first(arguments, keywords)
        for name in _SECOND:
            key = spelled(rest, name)
            if key is None:
                continue
            if len(positional) != 1:
                raise TypeError(f"the low-resolution image is {key}, the other one is the first and only argument")
            positional.append(rest.pop(key))
        if len(positional) != 2:
            return function(*positional, **rest)
        high, low = (volume_of(value) for value in positional)
        images = images_of_pair(high, low, wrapped_types(template))
        return high.restored(function(*images, **rest))

    return wrapper


def _computed_type(volume: Any, template: Any, keywords: dict[str, Any]) -> Any:
    """The voxel type of the filter: the one that is asked for, or the one that suits the volume."""
    asked = keywords.get("ttype")
    if asked is not None:
        dtype = dtype_of_image(asked[0] if isinstance(asked, (list, tuple)) else asked)
        if dtype is not None:
            return dtype
    return computed_type(volume.dtype, wrapped_types(template), volume.description)
