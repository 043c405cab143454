"""Puts the forms for Python in place, when ITK loads the module."""

from __future__ import annotations

import functools
import importlib
import types
from collections.abc import Callable, Iterator

from itk.arssr_support.calculator import prepare_calculator, prepare_mask
from itk.arssr_support.functions import takes_pair, takes_volume
from itk.arssr_support.models import prepare_model
from itk.arssr_support.objects import prepare_filter
from itk.arssr_support.training import prepare_trainer
from itk.support.helpers import camel_to_snake_case
from itk.support.template_class import itkTemplate

_FILTERS = {
    "ArbitraryScaleSuperResolutionImageFilter": (takes_volume, 1),
    "SliceProfileSimulationImageFilter": (takes_volume, 1),
    "SliceProfileDataConsistencyImageFilter": (takes_pair, 2),
}


@functools.cache  # ITK executes its modules twice
def register() -> dict[str, Callable]:
    """Prepare all classes and functions of the module. Returns the functions, by name."""
    prepare_model(_module("ArSSRModel").itkArSSRModel)
    for calculator in _classes("ArSSRImageQualityCalculator"):
        prepare_calculator(_template("ArSSRImageQualityCalculator"), calculator, ("Truth", "Image"))
    for estimator in _classes("ArSSRNoiseEstimator"):
        prepare_calculator(_template("ArSSRNoiseEstimator"), estimator, ("Image",))
        prepare_mask(estimator)
    for estimator in _classes("ArSSRInterpolationEstimator"):
        prepare_calculator(_template("ArSSRInterpolationEstimator"), estimator, ("Image",))
    for trainer in _classes("ArbitraryScaleSuperResolutionTrainingFilter"):
        prepare_trainer(trainer)
    functions = {}
    for name, (decorate, images) in _FILTERS.items():
        for wrapped_class in _classes(name):
            prepare_filter(_template(name), wrapped_class, images)
        function = camel_to_snake_case(name)
        functions[function] = decorate(getattr(_module(name), function), _template(name))
        setattr(_module(name), function, functions[function])  # where ITK gives it its documentation
    return functions


def _module(name: str) -> types.ModuleType:
    return importlib.import_module(f"itk.itk{name}Python")


def _classes(name: str) -> Iterator[type]:
    """Classes that a template is compiled as."""
    for attribute, value in list(vars(_module(name)).items()):
        if attribute.startswith(f"itk{name}I") and isinstance(value, type):
            yield value


def _template(name: str) -> itkTemplate:
    return itkTemplate(f"itk::{name}")
