"""What each part of the local form gains: trains variants of the recipe for the same time and validates them.

    python scripts/ablation.py HR_DIR VAL_DIR --seconds 300 --out ablation.md

Each variant is timed over a few steps first, and its number of steps is set so that it trains for the given time; the
learning rate falls to its end in each. PSNR is that of the recipe's validation patches at x2, x3 and x4.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import itk

# Values of the recipe that differ from the default one.
PUBLISHED_SIZES = {"encoder": "ResCNN", "feature_dim": "128", "depth": "8", "width": "256", "perceptron": "two-stage"}
PUBLISHED_FORM = {
    **PUBLISHED_SIZES,
    "interpolation_skip": "none",
    "coordinates": "image",
    "feature_padding": "zeros",
}
VARIANTS = {
    "local form (default)": {},
    "linear instead of cubic skip": {"interpolation_skip": "linear"},
    "no skip, last ReLU": {"interpolation_skip": "none"},
    "image instead of local coordinates": {"coordinates": "image"},
    "zero instead of border padding": {"feature_padding": "zeros"},
    "published sizes (ResCNN, 128, 8 x 256)": PUBLISHED_SIZES,
    "published form (ResCNN)": PUBLISHED_FORM,
}
_TIMED_STEPS = 20
_IMAGE = itk.Image[itk.F, 3]


class Variant:
    """One variant of the recipe on the images."""

    def __init__(self, training: Path, validation: Path, threads: int, values: dict[str, str]) -> None:
        self._readers: list[object] = []
        self._trainer = itk.ArbitraryScaleSuperResolutionTrainingFilter[_IMAGE].New()
        for name, image in self._images(training):
            self._trainer.AddTrainingImage(image, name)
        for name, image in self._images(validation):
            self._trainer.AddValidationImage(image, name)
        self._trainer.SetNumberOfThreads(threads)
        for name, value in values.items():
            self._trainer.SetRecipeValue(name, value)

    def _images(self, directory: Path) -> Iterator[tuple[str, itk.Image]]:
        for path in sorted(directory.iterdir()):
            reader = itk.ImageFileReader[_IMAGE].New(FileName=str(path))
            self._readers.append(reader)
            yield path.name, reader.GetOutput()

    def train(self, steps: int, *, validate: bool) -> tuple[float, float]:
        """Seconds in steps, first one left out, and the PSNR in dB."""
        self._trainer.SetRecipeValue("steps_per_epoch", str(steps))
        self._trainer.SetRecipeValue("epochs", "1")
        stamps: list[float] = []

        def report() -> None:
            if not self._trainer.GetEpochEnded():
                stamps.append(time.perf_counter())
            if len(stamps) == steps and not validate:
                self._trainer.AbortGenerateDataOn()

        observer = self._trainer.AddObserver(itk.IterationEvent(), report)
        self._trainer.AbortGenerateDataOff()
        self._trainer.Modified()
        self._trainer.Update()
        self._trainer.RemoveObserver(observer)
        return stamps[-1] - stamps[0], self._trainer.GetValidationPSNR()


def main() -> None:
    """Train all variants and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("training", type=Path)
    parser.add_argument("validation", type=Path)
    parser.add_argument("--seconds", type=float, default=300.0, help="training time of each variant")
    parser.add_argument("--threads", type=int, default=0, help="that torch may use on the CPU; 0: its own choice")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="of all variants")
    parser.add_argument("--out", type=Path, default=Path("ablation.md"))
    arguments = parser.parse_args()
    common = dict(entry.split("=", 1) for entry in arguments.set)

    lines = ["| variant | steps | seconds | validation PSNR (dB) |", "|---|---|---|---|"]
    for name, values in VARIANTS.items():
        variant = Variant(arguments.training, arguments.validation, arguments.threads, common | values)
        seconds, _ = variant.train(_TIMED_STEPS, validate=False)
        steps = max(2, round(arguments.seconds * (_TIMED_STEPS - 1) / seconds))
        seconds, psnr = variant.train(steps, validate=True)
        lines.append(f"| {name} | {steps} | {seconds:.0f} | {psnr:.2f} |")
        print(lines[-1], flush=True)
        arguments.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
