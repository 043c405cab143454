"""Images, recipes and readers of a training's outputs, for the tests of ``arssr train``."""

import csv
from pathlib import Path

import itk
import numpy as np
import yaml
from conftest import make_image

# A network and patches so small that a step takes milliseconds.
TINY = {
    "channels": 4,
    "blocks": 1,
    "feature_dim": 4,
    "depth": 2,
    "width": 8,
    "patch_size": 6,
    "samples": 64,
    "scale_min": 1.5,
    "scale_max": 2,
    "slice_scale_max": 2,
    "resolution_levels": 1,
    "procedural_volumes": 0,
    "validation_scales": 2,
    "validation_samples": 2,
    "batch": 4,
    "steps_per_epoch": 4,
    "epochs": 2,
    "warmup_steps": 2,
    "checkpoint_every": 1,
}
SIZE = (26, 24, 22)


def write_recipe(folder: Path, **values) -> Path:
    """Configuration of a tiny training, with some values changed or added."""
    path = folder / "tiny.yaml"
    path.write_text("".join(f"{name}: {value}\n" for name, value in {**TINY, **values}.items()))
    return path


def write_images(folder: Path, count: int = 2, first_seed: int = 1) -> Path:
    """A folder of phantoms."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        itk.imwrite(make_image(SIZE, seed=first_seed + number), str(folder / f"phantom{number}.nii.gz"))
    return folder


def only_run(folder: Path) -> Path:
    """The one run in a folder of runs."""
    (run,) = folder.iterdir()
    return run


def log_rows(run: Path) -> list[dict[str, str]]:
    """Rows of a run's log."""
    with (run / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def recorded(run: Path) -> dict:
    """The content of a run's recipe.yaml, each value as text."""
    return yaml.load((run / "recipe.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def weights(model: Path) -> dict[str, np.ndarray]:
    """Tensors of a model file by name."""
    from safetensors.numpy import load_file

    return load_file(str(model))


def largest_difference(one: Path, other: Path) -> float:
    """Of the weights of two model files."""
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    return max(float(np.abs(first[name] - second[name]).max()) for name in first)
