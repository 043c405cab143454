"""Random jobs in one process, whose results and memory are checked.

    python scripts/soak.py --seconds 3600 --seed 1 --out build/soak.md

The jobs are the numbers from 0 on, so that the same seed gives the same jobs. One that does what it should not, or
memory that grows, ends the run with status 1.
"""

from __future__ import annotations

import collections
import ctypes
import hashlib
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import itk
import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

IMAGE = itk.Image[itk.F, 3]
FILTER = itk.ArbitraryScaleSuperResolutionImageFilter[IMAGE, IMAGE]
TRAINER = itk.ArbitraryScaleSuperResolutionTrainingFilter[IMAGE]
ENCODERS = ("RDN", "ResCNN", "SRResnet", "local")
SCALES = (1.0, 1.3, 2.0, 2.5, (1.0, 1.0, 4.0), 0.7)
IMAGES = 8  # different ones
ALLOWED_GROWTH_MIB = 64  # beyond the largest after the first tenth of the time
_STATUS = Path("/proc/self/status")
_CONSOLE = Console()


class WrongResultError(Exception):
    """A job did what it should not."""


def resident_mib() -> float | None:
    """What the process has in memory, without what the C library keeps of freed memory; none where it is not told."""
    if not _STATUS.exists():
        return None
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def check(condition: bool, what: str) -> None:
    """Raise where a job went wrong."""
    if not condition:
        raise WrongResultError(what)


def refused(work: Callable[[], object], *parts: str) -> str:
    """The message with which work is refused, which has some parts in it."""
    try:
        work()
    except RuntimeError as error:
        message = str(error)
        for part in parts:
            check(part in message, f"'{part}' is not in the message: {message}")
        return message
    raise WrongResultError("bad input was taken")


class Jobs:
    """All that is done, each kind by a method; one random generator decides."""

    def __init__(self, seed: int, folder: Path) -> None:
        self._random = np.random.default_rng(seed)
        self._folder = folder
        self._known: dict[object, str] = {}  # digests of results by what they were made from
        self._models = {name: self._make_model(name) for name in ENCODERS}
        self._model_file = folder / "model.safetensors"
        self._models["local"].WriteFile(str(self._model_file))
        self.kinds: tuple[Callable[[], None], ...] = (
            self.upscale,
            self.upscale,
            self.stream,
            self.stream,
            self.abort,
            self.bad_image,
            self.bad_setting,
            self.damaged_model,
            self.file_round_trip,
            self.train,
        )

    def next(self) -> str:
        """Do one; its kind."""
        job = self.kinds[self._random.integers(len(self.kinds))]
        job()
        return job.__name__

    # --- what jobs are made of

    @staticmethod
    def _make_model(name: str) -> itk.ArSSRModel:
        model = itk.ArSSRModel.New()
        if name == "local":
            model.SetRandomLocalNetwork(8, 2, 16, 4, 32, 5)
        else:
            model.SetRandomNetwork(getattr(itk.ArSSRModelEnums, f"Encoder_{name}"), 16, 4, 32, 9)
        return model

    def _choose(self, values):
        return values[self._random.integers(len(values))]

    def _make_image(self, number: int) -> itk.Image:
        random = np.random.default_rng(number)
        image = itk.image_from_array(random.random(tuple(random.integers(3, 13, 3)), dtype=np.float32) * 900)
        image.SetSpacing([float(value) for value in random.uniform(0.4, 5, 3)])
        image.SetOrigin([float(value) for value in random.uniform(-200, 200, 3)])
        rotation, _ = np.linalg.qr(random.normal(size=(3, 3)))
        image.SetDirection(itk.matrix_from_array(rotation))
        return image

    def _make_filter(self, image: itk.Image, name: str, scale: object) -> itk.ProcessObject:
        upscale = FILTER.New(image)
        upscale.SetModel(self._models[name])
        upscale.SetDevice("cpu")
        upscale.SetScaleFactors(scale)
        upscale.SetGlobalWarningDisplay(False)
        return upscale

    def _verify(self, key: object, values: np.ndarray) -> None:
        """The same work gives the same bits, always."""
        check(bool(np.isfinite(values).all()), f"{key}: a result is not finite")
        digest = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
        check(self._known.setdefault(key, digest) == digest, f"{key}: another result than the first time")

    def _random_work(self) -> tuple[int, str, object]:
        return int(self._random.integers(IMAGES)), self._choose(ENCODERS), self._choose(SCALES)

    # --- the jobs

    def upscale(self) -> None:
        """Upscale a whole image."""
        number, name, scale = self._random_work()
        upscale = self._make_filter(self._make_image(number), name, scale)
        upscale.SetMemoryBudget(int(self._choose((128, 256, 2048))))
        upscale.SetNumberOfWorkUnits(int(self._random.integers(1, 5)))
        upscale.Update()
        self._verify((number, name, scale), itk.array_view_from_image(upscale.GetOutput()))

    def stream(self) -> None:
        """Upscale in divisions."""
        number, name, scale = self._random_work()
        upscale = self._make_filter(self._make_image(number), name, scale)
        streamer = itk.StreamingImageFilter[IMAGE, IMAGE].New(upscale)
        streamer.SetNumberOfStreamDivisions(int(self._random.integers(1, 9)))
        streamer.Update()
        self._verify((number, name, scale), itk.array_view_from_image(streamer.GetOutput()))

    def abort(self) -> None:
        """Abort at some progress; the filter works afterwards."""
        number, name, scale = self._random_work()
        upscale = self._make_filter(self._make_image(number), name, scale)
        limit = self._random.uniform(0, 0.9)

        def stop() -> None:
            if upscale.GetProgress() > limit:
                upscale.AbortGenerateDataOn()

        observer = upscale.AddObserver(itk.ProgressEvent(), stop)
        refused(upscale.Update)
        upscale.RemoveObserver(observer)
        upscale.SetAbortGenerateData(False)
        upscale.Update()
        self._verify((number, name, scale), itk.array_view_from_image(upscale.GetOutput()))

    def bad_image(self) -> None:
        """Refuse an image with a voxel that is no number; its repaired copy works in the same filter."""
        number, name, scale = self._random_work()
        image = self._make_image(number)
        place = tuple(int(self._random.integers(length)) for length in itk.size(image))
        good = image.GetPixel(place)
        image.SetPixel(place, float(self._choose((np.nan, np.inf, -np.inf))))
        upscale = self._make_filter(image, name, scale)
        refused(upscale.Update, str(list(place)), "Finite intensities are expected")
        image.SetPixel(place, good)
        image.Modified()
        upscale.Update()
        self._verify((number, name, scale), itk.array_view_from_image(upscale.GetOutput()))

    def bad_setting(self) -> None:
        """Refuse a setting."""
        upscale = self._make_filter(self._make_image(0), "RDN", 2.0)
        spoil, part = self._choose(
            (
                (lambda: upscale.SetScaleFactors(-1.0), "-1"),
                (lambda: upscale.SetScaleFactors(1e9), "smaller scale"),
                (lambda: upscale.SetDevice("gpu"), "'gpu'"),
                (lambda: upscale.SetMemoryBudget(1), "larger budget"),
                (lambda: upscale.SetPrecision("fp8"), "'fp8'"),
                (lambda: upscale.SetOutputSpacing([1.0, 1.0, 1.0]), "ResetOutputGrid"),
                (lambda: upscale.SetScaleFactors(3e4), "streamed"),
            )
        )
        spoil()
        refused(upscale.Update, part)

    def damaged_model(self) -> None:
        """Read a model file with flipped bits or a missing end: refused, or a model."""
        content = bytearray(self._model_file.read_bytes())
        for _ in range(int(self._random.integers(1, 5))):
            content[self._random.integers(min(len(content), self._choose((16, 4000, len(content)))))] ^= 1 << int(
                self._random.integers(8)
            )
        if self._random.integers(2):
            del content[self._random.integers(len(content)) :]
        path = self._folder / "damaged.safetensors"
        path.write_bytes(content)
        model = itk.ArSSRModel.New()
        with suppress(RuntimeError):
            model.ReadFile(str(path))
        check(model.IsEmpty() or model.GetWidth() > 0, "a damaged file left half a model")

    def file_round_trip(self) -> None:
        """Write a model and an image, and read them again."""
        number, name, scale = self._random_work()
        model_file, image_file = self._folder / f"{name}.safetensors", self._folder / "image.mha"
        self._models[name].WriteFile(str(model_file))
        itk.imwrite(self._make_image(number), str(image_file))
        upscale = FILTER.New(itk.imread(str(image_file), itk.F))
        upscale.SetModelFileName(str(model_file))
        upscale.SetScaleFactors(scale)
        upscale.SetDevice("cpu")
        output = self._folder / "output.mha"
        writer = itk.ImageFileWriter[IMAGE].New(upscale, FileName=str(output))
        writer.SetNumberOfStreamDivisions(int(self._random.integers(1, 4)))
        writer.Update()
        values = itk.array_from_image(itk.imread(str(output), itk.F))
        self._verify((number, name, scale, "file"), values)

    def train(self) -> None:
        """Train for a few steps."""
        seed = int(self._random.integers(3))
        trainer = TRAINER.New()
        for name, value in {
            "channels": 4,
            "blocks": 1,
            "feature_dim": 4,
            "depth": 2,
            "width": 8,
            "patch_size": 4,
            "samples": 50,
            "scale_max": 2,
            "slice_scale_max": 2,
            "resolution_levels": 1,
            "procedural_volumes": 1,
            "procedural_size": 16,
            "validation_scales": 2,
            "steps_per_epoch": 3,
            "epochs": 2,
            "warmup_steps": 2,
            "seed": seed,
        }.items():
            trainer.SetRecipeValue(name, float(value))
        trainer.SetDevice("cpu")
        random = np.random.default_rng(seed)
        for add in (trainer.AddTrainingImage, trainer.AddValidationImage):
            add(itk.image_from_array(random.random((14, 13, 12), dtype=np.float32) + 0.5))
        trainer.Update()
        path = self._folder / "trained.safetensors"
        trainer.GetOutput().WriteFile(str(path))
        content = np.frombuffer(path.read_bytes(), np.uint8)
        self._verify(("training", seed), content)


def main(
    seconds: Annotated[int, typer.Option(min=1, help="How long.")] = 3600,
    seed: Annotated[int, typer.Option(min=0, help="Of the random jobs.")] = 1,
    out: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("build/soak.md"),
) -> None:
    """Run random jobs and watch their results and the process's memory."""
    folder = Path(tempfile.mkdtemp(prefix="arssr-soak-"))
    jobs = Jobs(seed, folder)
    done: collections.Counter[str] = collections.Counter()
    memory: list[tuple[float, float]] = []
    failure = ""
    begin = last = time.monotonic()
    with Progress(console=_CONSOLE) as progress:
        task = progress.add_task("Random jobs", total=seconds)
        while not failure and (elapsed := time.monotonic() - begin) < seconds:
            try:
                done[jobs.next()] += 1
            except (WrongResultError, RuntimeError) as error:
                failure = f"job {done.total()}: {error}"
            if time.monotonic() - last >= seconds / 60:
                last = time.monotonic()
                resident = resident_mib()
                if resident is not None:
                    memory.append((elapsed, resident))
            progress.update(task, completed=elapsed, description=f"{done.total()} jobs")
    shutil.rmtree(folder)

    settled = [mib for at, mib in memory if at > seconds / 10]
    early = [mib for at, mib in memory if at <= seconds / 10]
    growth = settled[-1] - max([*early, settled[0]]) if settled else None
    if not failure and growth is not None and growth > ALLOWED_GROWTH_MIB:
        failure = f"resident memory grew by {growth:.0f} MiB; at most {ALLOWED_GROWTH_MIB} MiB are allowed"
    report = [
        "# Soak test",
        "",
        "```",
        f"bash scripts/soak.sh {seconds} {seed}",
        "```",
        "",
        f"{platform.machine()}, Python {platform.python_version()}, ITK {itk.Version.GetITKVersion()}: "
        f"{done.total()} jobs in {time.monotonic() - begin:.0f} s. "
        + (
            f"**Failed**: {failure}."
            if failure
            else "All did what they should; the same work always gave the same bits."
        ),
        "",
        "| job | times |",
        "|---|---:|",
        *(f"| {name.replace('_', ' ')} | {count} |" for name, count in sorted(done.items())),
        "",
    ]
    if memory:
        report += [
            "Resident memory (MiB) over time (s): "
            + ", ".join(f"{mib:.0f} at {at:.0f}" for at, mib in memory[:: max(1, len(memory) // 10)])
            + (f"; {growth:+.0f} since the first tenth." if growth is not None else "."),
            "",
        ]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join(report), encoding="utf-8")
    _CONSOLE.print(out.read_text(encoding="utf-8"), markup=False, highlight=False, soft_wrap=True)
    if failure:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
