"""Images and runners that the tests share."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ["COLUMNS"] = os.environ["TERMINAL_WIDTH"] = "240"  # no line of the program's output is broken

import itk
import numpy as np
import pytest
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[2]

# An oblique rotation, as of a tilted scan.
OBLIQUE = np.array([[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]])


def pytest_configure(config: pytest.Config) -> None:
    """Ignore the warnings that every SWIG module gives in Python 3.11."""
    config.addinivalue_line("filterwarnings", "ignore:builtin type [Ss]wig:DeprecationWarning")


IDENTITY = np.eye(3)


def make_image(
    size: Sequence[int] = (8, 9, 10),
    pixel_type=itk.F,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    origin: Sequence[float] = (0.0, 0.0, 0.0),
    direction: np.ndarray = IDENTITY,
    seed: int = 1,
):
    """Smooth image with values between 20 and 220; size, spacing and origin in the order x, y, z."""
    random = np.random.default_rng(seed)
    z, y, x = np.meshgrid(*(np.arange(length) for length in reversed(size)), indexing="ij")
    phases = random.uniform(0, 6, 3)
    values = 120 + 60 * np.sin(0.7 * x + phases[0]) * np.cos(0.5 * y + phases[1]) + 40 * np.sin(0.6 * z + phases[2])
    image_type = itk.Image[pixel_type, 3]
    image = itk.image_from_array(values.astype(np.float32))
    if image_type is not type(image):
        image = itk.cast_image_filter(image, ttype=(type(image), image_type))
    image.SetSpacing([float(value) for value in spacing])
    image.SetOrigin([float(value) for value in origin])
    image.SetDirection(itk.matrix_from_array(np.asarray(direction, dtype=float)))
    return image


def pixels(image) -> np.ndarray:
    """Copy of an image's voxels, [z, y, x]."""
    return itk.array_from_image(image)


def assert_same_grid(image, size, spacing, origin, direction, tolerance: float = 1e-9) -> None:
    """Compare an image's grid with an expected one, in mm."""
    assert tuple(itk.size(image)) == tuple(size)
    np.testing.assert_allclose(tuple(itk.spacing(image)), spacing, atol=tolerance)
    np.testing.assert_allclose(tuple(itk.origin(image)), origin, atol=tolerance)
    np.testing.assert_allclose(itk.array_from_matrix(image.GetDirection()), direction, atol=tolerance)


def kept_field_of_view(image, factors: Sequence[float]):
    """Size, spacing, origin and direction that scale factors should give, independent of the module's own code."""
    old_size, old_spacing = np.array(itk.size(image)), np.array(itk.spacing(image))
    direction = itk.array_from_matrix(image.GetDirection())
    size = [max(1, int(length * factor + 0.5)) for length, factor in zip(old_size, factors, strict=True)]
    spacing = old_spacing * old_size / size
    corner = np.array(itk.origin(image)) - direction @ (old_spacing / 2)
    return size, spacing, corner + direction @ (spacing / 2), direction


def words(text: str) -> str:
    """Text without frames, colours and line breaks."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─┃━]", " ", text).split())


def files_in(folder: Path) -> list[str]:
    """Names of everything in a folder, including hidden files."""
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def arssr() -> Callable:
    """Run the command line in this process; anything it raises other than an exit status is an error of the test."""
    from itk_arssr.cli import app

    def run(*arguments):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def python() -> Callable:
    """Run this Python in a process of its own."""

    def run(*arguments, **options):
        command = [sys.executable, *(str(argument) for argument in arguments)]
        return subprocess.run(command, check=False, capture_output=True, encoding="utf-8", timeout=300, **options)

    return run


@pytest.fixture
def interrupt() -> Callable:
    """Run the command line in a process of its own and send it a signal while it works, which must end it cleanly."""

    def run(
        *arguments,
        when: Callable[[str], bool],
        ready: Callable[[], bool] = lambda: True,
        after: float = 0.0,
        signal_number: int = signal.SIGINT,
    ):
        """A signal some seconds after the first line of output for which ``when`` holds, and after it is ``ready``."""
        command = [sys.executable, "-m", "itk_arssr", *(str(argument) for argument in arguments)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as process:
            while not when(process.stdout.readline()):
                assert process.poll() is None, process.stderr.read()
            while not ready():
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.02)
            time.sleep(after)
            process.send_signal(signal_number)
            output, errors = process.communicate(timeout=300)
        assert process.returncode == 130, output + errors
        assert "Traceback" not in errors
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    return run


@pytest.fixture
def write(tmp_path) -> Callable:
    """Write an image into the test's folder and give its path."""

    def to_file(name: str, image=None) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        itk.imwrite(make_image() if image is None else image, str(path))
        return path

    return to_file


@pytest.fixture
def slow_model(tmp_path: Path) -> Path:
    """A network so large that a command is still at work when it is interrupted, even on fast machines."""
    model = itk.ArSSRModel.New()
    model.SetRandomNetwork(itk.ArSSRModelEnums.Encoder_RDN, 128, 8, 256, 1)
    path = tmp_path / "slow.safetensors"
    model.WriteFile(str(path))
    return path
