"""ITK's filter objects: what their constructors and setters take in Python."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import itk
from itk.arssr_support.keywords import plain, spelled, with_primary_first
from itk.arssr_support.pixel_types import dtype_of_image, wrapped_types
from itk.arssr_support.volumes import grid_of
from itk.support.template_class import itkTemplate

_GRID_SETTERS = {"SetReferenceImage": False, "SetOutputParametersFromImage": True}  # whether they copy it at once


def prepare(wrapped_class: type) -> None:
    """Let an object's setters take numbers and arrays of NumPy and torch, and grids of volumes of any kind."""
    for name, method in list(vars(wrapped_class).items()):
        if name in _GRID_SETTERS:
            setattr(wrapped_class, name, _takes_grid(method, copies=_GRID_SETTERS[name]))
        elif name.startswith("Set") and callable(method):
            setattr(wrapped_class, name, _takes_numbers(method))


def prepare_filter(template: itkTemplate, wrapped_class: type, images: int) -> None:
    """Let ``New`` of a filter of one image or more use a reference image that it is given, and explain refusals."""
    prepare(wrapped_class)
    wrapped_class.New = staticmethod(_uses_reference(wrapped_class.New, images))
    template.New = functools.partial(_new_of_wrapped_type, template)


def _takes_numbers(setter: Callable) -> Callable:
    @functools.wraps(setter)
    def wrapper(self: Any, *values: Any) -> Any:
        return setter(self, *(plain(value) for value in values))

    return wrapper


def _takes_grid(setter: Callable, *, copies: bool) -> Callable:
    @functools.wraps(setter)
    def wrapper(self: Any, image: Any) -> Any:
        grid = None if image is None else grid_of(image)
        if grid is not None and copies:
            grid.UpdateOutputInformation()
        return setter(self, grid)

    return wrapper


def _uses_reference(new: Callable, images: int) -> Callable:
    """A constructor that turns UseReferenceImage on for a reference image; in C++ that is a setting of its own."""

    @functools.wraps(new)
    def wrapper(*arguments: Any, **keywords: Any) -> Any:
        if len(arguments) > images:
            raise TypeError(
                f"{len(arguments)} images are given; {images} expected. Everything else is a keyword, such as "
                "reference_image=… and scale_factors=…"
            )
        reference = spelled(keywords, "ReferenceImage")
        if reference is not None and keywords[reference] is None:
            del keywords[reference]
        elif reference is not None:
            use = spelled(keywords, "UseReferenceImage")
            if use is not None and not keywords[use]:
                raise ValueError(f"{reference} is given, and {use}={keywords[use]}: leave one of them out")
            keywords[use or "UseReferenceImage"] = True
        return new(*arguments, **{name: plain(value) for name, value in keywords.items()})

    return wrapper


def _new_of_wrapped_type(template: itkTemplate, *arguments: Any, **keywords: Any) -> Any:
    """ITK's ``New`` of a class template, which finds the class for an image, with a reason where there is none."""
    positional, rest = with_primary_first(arguments, keywords)
    if positional and "ttype" not in rest:
        image = itk.output(positional[0])
        types = wrapped_types(template)
        if not isinstance(image, itk.LightObject):
            raise TypeError(
                f"{itk.python_type(template)} takes ITK images, not {type(image).__name__}; convert it: "
                "itk.image_from_array(volume.astype('float32')), or call the function of that name in snake case"
            )
        if type(image) not in [parameters[0] for parameters, _ in template.items()]:
            remedy = "convert it: image.astype(itk.F)" if dtype_of_image(image) else "give one component of it as float"
            raise TypeError(
                f"{itk.python_type(template)} takes 3-D images of {', '.join(sorted(map(str, types)))}, "
                f"not {itk.python_type(type(image))}; {remedy}"
            )
    return itkTemplate.New(template, *positional, **rest)
