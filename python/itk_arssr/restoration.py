"""The methods that are compared: interpolation, back-projection, and super-resolution with any number of models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import itk

from itk_arssr.evaluation import BACK_PROJECTED, BASELINES, LINEAR, SPLINE, SPLINE_BP, unique_names
from itk_arssr.evaluation_options import Degradation, Evaluation
from itk_arssr.options import Settings, Target
from itk_arssr.resample import grid_of, resample
from itk_arssr.upscaler import Upscaler, load_model
from itk_arssr.watch import Progress, Watch

BUNDLED = "default"


@dataclass(frozen=True)
class NamedModel:
    """A model as it is called in tables."""

    name: str
    model: itk.ArSSRModel


def load_models(paths: Sequence[Path]) -> list[NamedModel]:
    """Read the models; ``default``, where no file is called so, and no name at all stand for the bundled one."""
    files = [None if path == Path(BUNDLED) and not path.exists() else path for path in paths] or [None]
    names = unique_names([BUNDLED if file is None else file.stem for file in files])
    taken = unique_names([*BASELINES, *names])[len(BASELINES) :]
    return [NamedModel(name, load_model(file)) for name, file in zip(taken, files, strict=True)]


class Restorer:
    """Restores low-resolution images with every method, one after another."""

    def __init__(
        self,
        models: Sequence[NamedModel],
        evaluation: Evaluation,
        device: str = "auto",
        memory_mib: int | None = None,
        precision: str = "float32",
    ) -> None:
        self._evaluation = evaluation
        self._watch = Watch()
        settings = Settings(
            Target(), device, memory_mib, intensity_scaling=evaluation.intensity_scaling, precision=precision
        )
        self._upscalers = {named.name: Upscaler(named.model, settings, self._watch) for named in models}

    @property
    def methods(self) -> list[str]:
        """Names of the methods in the order in which they are tried."""
        own = [[name, name + BACK_PROJECTED] if self._evaluation.iterations else [name] for name in self._upscalers]
        return [*BASELINES, *(name for names in own for name in names)]

    def interrupt(self) -> None:
        """End the computation at its next piece of work."""
        self._watch.interrupt()

    def raise_if_interrupted(self) -> None:
        """Raise ``Interrupted`` after ``interrupt``."""
        self._watch.raise_if_interrupted()

    def restore(self, low: itk.Image, truth: itk.Image, on_progress: Progress) -> Iterator[tuple[str, itk.Image]]:
        """Each method's name and its result on the truth's grid; of the truth nothing else is used."""
        step = _Steps(on_progress, len(self.methods))
        grid = grid_of(truth)
        self._watch.raise_if_interrupted()
        yield LINEAR, resample(low, grid, "linear")
        step.next()
        self._watch.raise_if_interrupted()
        spline = resample(low, grid, "B-spline")
        yield SPLINE, spline
        step.next()
        yield SPLINE_BP, self._back_project(spline, low, truth, step.progress)
        step.next()
        del spline
        for name, upscaler in self._upscalers.items():
            image = upscaler.to_image(low, step.progress, truth)
            yield name, image
            step.next()
            if self._evaluation.iterations:
                yield name + BACK_PROJECTED, self._back_project(image, low, truth, step.progress)
                step.next()

    def _back_project(self, image: itk.Image, low: itk.Image, truth: itk.Image, on_progress: Progress) -> itk.Image:
        consistency = itk.SliceProfileDataConsistencyImageFilter[type(image)].New(image)
        consistency.SetLowResolutionImage(low)
        consistency.SetNumberOfIterations(self._evaluation.back_projections)
        if self._evaluation.degradation is Degradation.CUBIC:
            # Voxels of such an image are point samples: a profile narrower than a true voxel.
            consistency.SetFullWidthAtHalfMaximum(min(itk.spacing(truth)) / 2)
        with self._watch.over(consistency, on_progress):
            consistency.Update()
        return consistency.GetOutput()


class _Steps:
    """Progress of one method after another as that of the whole."""

    def __init__(self, on_progress: Progress, total: int) -> None:
        self._on_progress: Callable[[float], None] = on_progress
        self._total = total
        self._done = 0

    def progress(self, fraction: float) -> None:
        """The method at work is done to this fraction."""
        self._on_progress((self._done + fraction) / self._total)

    def next(self) -> None:
        """The method at work is done, and its result measured."""
        self._done += 1
        self.progress(0)
