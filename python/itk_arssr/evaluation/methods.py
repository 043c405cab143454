"""The methods that are compared: interpolation, back-projection, and super-resolution with any number of models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import itk
import numpy as np

from itk_arssr.common.watch import Progress, Watch
from itk_arssr.evaluation.denoising import is_available, without_noise
from itk_arssr.evaluation.results import (
    BACK_PROJECTED,
    BASELINES,
    DENOISED_SPLINE,
    LINEAR,
    RIVALS,
    SPLINE,
    SPLINE_BP,
    unique_names,
)
from itk_arssr.evaluation.settings import Condition, Degradation, Evaluation
from itk_arssr.images.resample import grid_of, resample
from itk_arssr.upscaling.settings import BackProjections, Settings, Target
from itk_arssr.upscaling.upscaler import Upscaler, load_model


@dataclass(frozen=True)
class NamedModel:
    """A model and its name in tables."""

    name: str
    model: itk.ArSSRModel


def load_models(paths: Sequence[Path]) -> list[NamedModel]:
    """Read the models, files or bundled ones by their names; by default the default model."""
    names = unique_names([path.stem for path in paths] or [itk.ArSSRModel.GetBundledModelNames()[0]])
    taken = unique_names([*RIVALS, *names])[len(RIVALS) :]
    return [NamedModel(name, load_model(path)) for name, path in zip(taken, paths or [None], strict=True)]


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
            Target(),
            device,
            memory_mib,
            intensity_scaling=evaluation.intensity_scaling,
            precision=precision,
            quality=evaluation.quality,
        )
        self._upscalers = {named.name: Upscaler(named.model, settings, self._watch) for named in models}

    def methods(self, condition: Condition) -> list[str]:
        """Names of the methods in the order in which they are tried."""
        own = [[name, name + BACK_PROJECTED] if self._evaluation.iterations else [name] for name in self._upscalers]
        denoised = [DENOISED_SPLINE] if condition.noise and is_available() else []
        return [*BASELINES, *denoised, *(name for names in own for name in names)]

    def interrupt(self) -> None:
        """End the computation at the next piece of work."""
        self._watch.interrupt()

    def raise_if_interrupted(self) -> None:
        """Raise ``Interrupted`` after ``interrupt``."""
        self._watch.raise_if_interrupted()

    def restore(
        self, low: itk.Image, truth: itk.Image, condition: Condition, on_progress: Progress
    ) -> Iterator[tuple[str, itk.Image]]:
        """Each method's name and its result on the truth's grid.

        Back-projection knows how the low-resolution image was taken. Only the truth's grid is used, except that
        B-splines get the number of back-projections that is best.
        """
        methods = self.methods(condition)
        step = _Steps(on_progress, len(methods))
        grid = grid_of(truth)
        self._watch.raise_if_interrupted()
        yield LINEAR, resample(low, grid, "linear")
        step.next()
        self._watch.raise_if_interrupted()
        spline = resample(low, grid, "B-spline")
        yield SPLINE, spline
        step.next()
        yield SPLINE_BP, self._best_back_projection(spline, low, truth, condition, step.progress)
        step.next()
        del spline
        if DENOISED_SPLINE in methods:
            self._watch.raise_if_interrupted()
            yield DENOISED_SPLINE, resample(without_noise(low, condition.noise / 100), grid, "B-spline")
            step.next()
        for name, upscaler in self._upscalers.items():
            image = upscaler.to_image(low, step.progress, truth)
            yield name, image
            step.next()
            if self._evaluation.iterations:
                iterations = self._evaluation.iterations
                back_projected = self._back_project(image, low, truth, condition, iterations, step.progress)
                yield name + BACK_PROJECTED, back_projected
                step.next()

    def _best_back_projection(
        self, image: itk.Image, low: itk.Image, truth: itk.Image, condition: Condition, on_progress: Progress
    ) -> itk.Image:
        """The image after the number of iterations that brings it closest to the truth: they also fit noise."""
        best, least = image, self._error(image, truth)
        count = self._evaluation.back_projections
        one = BackProjections(1)
        for number in range(count):
            image = self._back_project(
                image,
                low,
                truth,
                condition,
                one,
                lambda done, number=number: on_progress((number + done) / count),
            )
            error = self._error(image, truth)
            if error < least:
                best, least = image, error
        return best

    def _error(self, image: itk.Image, truth: itk.Image) -> float:
        """Mean squared error within the border."""
        inner = (slice(self._evaluation.border, -self._evaluation.border or None),) * 3
        views = [itk.array_view_from_image(one)[inner] for one in (image, truth)]
        return float(np.mean(np.square(views[0] - views[1], dtype=np.float64)))

    def _back_project(
        self,
        image: itk.Image,
        low: itk.Image,
        truth: itk.Image,
        condition: Condition,
        iterations: BackProjections,
        on_progress: Progress,
    ) -> itk.Image:
        consistency = itk.SliceProfileDataConsistencyImageFilter[type(image)].New(image)
        consistency.SetLowResolutionImage(low)
        consistency.SetNumberOfIterations(iterations.number)
        consistency.SetStopAtNoise(iterations.stop_at_noise)
        if self._evaluation.degradation is Degradation.CUBIC:
            # The voxels of this image are point samples: a profile narrower than a true voxel.
            consistency.SetFullWidthAtHalfMaximum(min(itk.spacing(truth)) / 2)
            acquisition = itk.ArSSRAcquisition()
        else:
            acquisition = condition.acquisition(itk.spacing(truth))
        acquisition.SetNoise(condition.noise / 100, itk.ArSSRAcquisitionEnums.Noise_Rician)
        consistency.SetAcquisition(acquisition)
        with self._watch.over(consistency, on_progress):
            consistency.Update()
        return consistency.GetOutput()


class _Steps:
    """Overall progress of methods that run one after another."""

    def __init__(self, on_progress: Progress, total: int) -> None:
        self._on_progress: Callable[[float], None] = on_progress
        self._total = total
        self._done = 0

    def progress(self, fraction: float) -> None:
        """Report this fraction of the current method as done."""
        self._on_progress((self._done + fraction) / self._total)

    def next(self) -> None:
        """The current method is done, and its result measured."""
        self._done += 1
        self.progress(0)
