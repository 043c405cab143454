"""Images through degradation, every method and measurement, one image in memory at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import itk

from itk_arssr.common.bars import Bars
from itk_arssr.common.diagnostics import warnings_silenced
from itk_arssr.common.errors import UserError, description
from itk_arssr.common.watch import Progress
from itk_arssr.evaluation.extreme_slices import ExtremeSlices, Restored
from itk_arssr.evaluation.methods import Restorer
from itk_arssr.evaluation.metrics import Quality, compare
from itk_arssr.evaluation.results import RIVALS, SPLINE_BP, Case, Failure, Results
from itk_arssr.evaluation.settings import Condition, Evaluation
from itk_arssr.evaluation.truth import check_is_measurable, low_resolution, read_truth
from itk_arssr.images.sources import Source

_FAILURES = (UserError, RuntimeError, OSError, MemoryError)


class EvaluationRun:
    """Measures every method for every image and condition; what fails is noted, and the rest goes on."""

    def __init__(self, restorer: Restorer, evaluation: Evaluation, bars: Bars) -> None:
        self._restorer = restorer
        self._evaluation = evaluation
        self._bars = bars
        self._names: Counter[str] = Counter()
        self.results = Results()
        self.extremes = ExtremeSlices(evaluation.border)

    def run(self, groups: Iterable[Sequence[Source]]) -> None:
        """Evaluate all images of some groups, each of which can be read until the next one is requested."""
        for sources in groups:
            for _ in self._evaluation.conditions:
                self._bars.expect(len(sources))
            for source in sources:
                self._evaluate(self._unused(source.path.name), source)

    def _unused(self, name: str) -> str:
        """The name, numbered if it was used before."""
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name} ({self._names[name]})"

    def _evaluate(self, name: str, source: Source) -> None:
        try:
            volume = read_truth(source, self._evaluation.crop)
            truth = volume.image
            check_is_measurable(truth, self._evaluation.border)
        except _FAILURES as error:
            self.results.failures.append(Failure(name, description(error)))
            for _ in self._evaluation.conditions:
                self._bars.end()
            return
        self.results.notes += [f"{name}: {note}" for note in volume.notes]
        for condition in self._evaluation.conditions:
            self._bars.begin(f"{name} ×{condition}")
            try:
                self.results.cases.append(self._case(name, truth, condition, self._bars.update))
            except _FAILURES as error:
                self.results.failures.append(Failure(f"{name} ×{condition}", description(error)))
            self._bars.end()

    def _case(self, name: str, truth: itk.Image, condition: Condition, on_progress: Progress) -> Case:
        low = low_resolution(truth, condition, self._evaluation.degradation)
        judged = self._judged_methods(condition)
        first = self._evaluation.crop.first if self._evaluation.crop else (0, 0, 0)
        qualities: dict[str, Quality] = {}
        rival = None
        with warnings_silenced():  # about scales that a model was not trained for: these are measured on purpose
            for method, image in self._restorer.restore(low, truth, condition, on_progress):
                qualities[method] = self._quality(truth, image)
                if method == SPLINE_BP:
                    rival = image
                if method in judged:
                    self.extremes.look_at(Restored(f"{name} ×{condition}", method, truth, low, rival, image, first))
        return Case(name, condition, qualities)

    def _judged_methods(self, condition: Condition) -> list[str]:
        """The models' results that pictures show: with back-projection if there is any."""
        models = [method for method in self._restorer.methods(condition) if method not in RIVALS]
        return models[1::2] if self._evaluation.iterations else models

    def _quality(self, truth: itk.Image, image: itk.Image) -> Quality:
        return compare(itk.array_view_from_image(truth), itk.array_view_from_image(image), self._evaluation.border)
