"""Objects that look at images, no filters, made to take volumes of any kind and voxel type."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import itk
import numpy as np
from itk.arssr_support.keywords import spelled
from itk.arssr_support.objects import prepare
from itk.arssr_support.pixel_types import computed_type, dtype_of_image, image_class, wrapped_types
from itk.arssr_support.volumes import volume_of
from itk.support.template_class import itkTemplate


def prepare_calculator(template: itkTemplate, calculator: type, images: Sequence[str]) -> None:
    """Let ``New(image=…)`` find the type that holds all its volumes, and setters take what their type holds."""
    prepare(calculator)
    for name in images:
        setattr(calculator, f"Set{name}", _takes_volume(getattr(calculator, f"Set{name}"), template, images))
    template.New = functools.partial(_new_calculator, template, images)


def prepare_mask(calculator: type) -> None:
    """Let the setter of a mask take any volume of whole numbers or truth values."""
    setter = calculator.SetMaskImage

    @functools.wraps(setter)
    def wrapper(self: Any, value: Any) -> Any:
        return setter(self, None if value is None else volume_of(value).image(np.dtype(np.uint8), keep=True))

    calculator.SetMaskImage = wrapper


def _takes_volume(setter: Callable, template: itkTemplate, images: Sequence[str]) -> Callable:
    @functools.wraps(setter)
    def wrapper(self: Any, value: Any) -> Any:
        if value is None:
            return setter(self, value)
        volume = volume_of(value)
        own = dtype_of_image(itk.template(self)[1][0])
        if not np.can_cast(volume.dtype, own):
            raise TypeError(
                f"{volume.description} has voxels of {volume.dtype}, which this calculator of {own} cannot hold: "
                f"{_call(template, images)} finds the type, float64 where there is none"
            )
        return setter(self, volume.image(own, keep=True))

    return wrapper


def _new_calculator(template: itkTemplate, names: Sequence[str], *arguments: Any, **keywords: Any) -> Any:
    if len(arguments) > 1:
        raise TypeError(f"{len(arguments)} images are given; name them: {_call(template, names)}")
    if arguments:
        keywords["Image"] = arguments[0]
    keys = [key for key in (spelled(keywords, name) for name in names) if key is not None]
    if not keys or "ttype" in keywords:
        return itkTemplate.New(template, **keywords)
    volumes = {key: volume_of(keywords[key]) for key in keys}
    dtype = _common_type([volume.dtype for volume in volumes.values()], wrapped_types(template))
    images = {key: volume.image(dtype, keep=True) for key, volume in volumes.items()}
    return template[image_class(dtype)].New(**(keywords | images))


def _call(template: itkTemplate, images: Sequence[str]) -> str:
    return f"{itk.python_type(template)}.New({', '.join(f'{name.lower()}=…' for name in images)})"


def _common_type(dtypes: list[np.dtype], wrapped: frozenset[np.dtype]) -> np.dtype:
    """The type that holds the voxels of all: one that the calculator is compiled for, or else the widest of these."""
    checked = [computed_type(dtype, wrapped, "the volume") for dtype in dtypes]
    common = np.result_type(*dtypes) if all(dtype.kind in "biuf" for dtype in dtypes) else np.result_type(*checked)
    common = common.newbyteorder("=")
    return common if common in wrapped else max(wrapped, key=lambda dtype: (dtype.kind == "f", dtype.itemsize))
