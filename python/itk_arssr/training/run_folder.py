"""The folder of one training run: ``recipe.yaml``, ``log.csv``, ``tensorboard/`` and ``checkpoints/``."""

from __future__ import annotations

import json
import os
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import itk
import yaml

from itk_arssr.common.atomic import check_can_write, completed, make_folder
from itk_arssr.common.errors import UserError
from itk_arssr.training.config import JOB_KEYS, PATHS, RECORD, Values, read_config

_RECIPE, _LOG, _TENSORBOARD, _CHECKPOINTS = "recipe.yaml", "log.csv", "tensorboard", "checkpoints"


@dataclass(frozen=True)
class RunFolder:
    """Where a run's files are; nothing is written before ``create``."""

    path: Path

    @property
    def recipe(self) -> Path:
        """All values of the run, a file that ``--config`` reads."""
        return self.path / _RECIPE

    @property
    def log(self) -> Path:
        """One row per epoch."""
        return self.path / _LOG

    @property
    def tensorboard(self) -> Path:
        """Folder of event files."""
        return self.path / _TENSORBOARD

    @property
    def checkpoints(self) -> Path:
        """Folder that the trainer writes to and resumes from."""
        return self.path / _CHECKPOINTS

    @property
    def model(self) -> Path:
        """Where the model goes without --out."""
        return self.path / "model.safetensors"

    def create(self) -> None:
        """Make the folder; it must not hold anything yet."""
        if self.path.is_dir() and any(self.path.iterdir()):
            raise UserError(
                f"{self.path} is not empty; --resume {self.path} continues a run, --run-dir names another folder"
            )
        make_folder(self.path)
        try:
            self.checkpoints.mkdir()
        except FileExistsError:  # made since it was checked
            raise UserError(
                f"{self.path} belongs to another run that has just begun; start again, or name another with --run-dir"
            ) from None

    def discard(self) -> None:
        """Remove the folder of a run that did not begin, but keep anything else in it."""
        self.recipe.unlink(missing_ok=True)
        for folder in (self.checkpoints, self.path):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def recorded(self) -> Values:
        """The values of a run to resume."""
        if not self.path.is_dir():
            problem = "is not a folder" if self.path.exists() else "does not exist"
            raise UserError(f"{self.path} {problem}; --resume takes the folder of a run, such as runs/{_stamp()}-RDN")
        if not self.recipe.is_file():
            raise UserError(f"{self.path} is not the folder of a run: it has no {_RECIPE}")
        if not self.checkpoints.is_dir() or not any(self.checkpoints.iterdir()):
            raise UserError(f"{self.path} holds no checkpoint yet: there is nothing to resume; start a new training")
        return read_config(self.recipe)

    def write_recipe(self, trainer: itk.ProcessObject, values: Values, record: Mapping[str, object]) -> None:
        """Write all values with their explanations, and the record of the run."""
        lines = ["# A training run of arssr; `arssr train --config` with this file repeats it.", ""]
        lines += [f"{name}: {_flow(name, values[name].texts)}" for name in JOB_KEYS if name in values]
        for name in trainer.GetRecipeNames():
            setting = f"{name}: {trainer.GetRecipeValue(name)}"
            explanation = textwrap.wrap(trainer.GetRecipeDescription(name), 78)
            lines += ["", *(f"# {line}" for line in explanation), setting]
        on_record = yaml.safe_dump({RECORD: dict(record)}, sort_keys=False, allow_unicode=True)
        write_whole(self.recipe, "\n".join([*lines, "", on_record]))


def new_run(path: Path | None, encoder: str) -> RunFolder:
    """The named folder, or ``runs/DATE-TIME-ENCODER``."""
    if path is not None:
        return RunFolder(path)
    wanted = Path("runs") / f"{_stamp()}-{encoder}"
    candidates = (wanted, *(wanted.with_name(f"{wanted.name}-{number}") for number in range(2, 100)))
    return RunFolder(next((candidate for candidate in candidates if not candidate.exists()), wanted))


def write_whole(file: Path, text: str) -> None:
    """Write a text file completely or not at all."""
    with completed(file) as partial:
        partial.write_text(text, encoding="utf-8")


def check_can_hold(model: Path, overwrite: bool) -> None:
    """Refuse an output that cannot be written, before hours are spent on it."""
    if model.is_dir():
        raise UserError(f"{model} is a directory; --out names the file of the model")
    if model.suffix != ".safetensors":
        raise UserError(f"{model} cannot be written: its name must end with .safetensors")
    if model.exists() and not overwrite:
        raise UserError(f"{model} exists; --overwrite replaces it")
    check_can_write(model)
    check_writable(model.parent)


def check_writable(folder: Path) -> None:
    """Make a folder if it is missing, and try to write to it."""
    try:
        make_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(f"{folder} cannot be written to: {os.strerror(error.errno or 0)}") from None


def _flow(name: str, texts: Sequence[str]) -> str:
    """A value in YAML; paths do not depend on the working directory."""
    quoted = [json.dumps(str(Path(text).resolve()) if name in PATHS else text, ensure_ascii=False) for text in texts]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _stamp() -> str:
    return datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
