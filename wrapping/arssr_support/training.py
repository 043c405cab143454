"""The training filter made to take volumes of any kind and voxel type."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import itk
from itk.arssr_support.objects import prepare
from itk.arssr_support.pixel_types import computed_type, dtype_of_image
from itk.arssr_support.volumes import volume_of

_METHODS = ("AddTrainingImage", "AddValidationImage")


def prepare_trainer(trainer: type) -> None:
    """Let images to learn from be volumes; an image of another type that a filter makes is still read when needed."""
    prepare(trainer)
    for name in _METHODS:
        setattr(trainer, name, _takes_volume(getattr(trainer, name)))


def _takes_volume(add: Callable) -> Callable:
    @functools.wraps(add)
    def wrapper(self: Any, value: Any, *name: str) -> Any:
        volume = volume_of(value)
        target = itk.template(self)[1][0]
        own = dtype_of_image(target)
        computed_type(volume.dtype, frozenset([own]), volume.description)
        image = itk.output(value)
        cast = None
        if isinstance(image, itk.Object) and not isinstance(image, target) and image.GetSource():
            cast = itk.CastImageFilter.get((type(image), target))
        if cast is None:
            return add(self, volume.image(own, keep=True), *name)
        converter = cast.New(image)
        self.__dict__.setdefault("_converters", []).append(converter)  # an image does not keep the filter that makes it
        return add(self, converter.GetOutput(), *name)

    return wrapper
