"""What must not be lost: an output never replaces an input, another output, or, unless asked to, an existing file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from itk_arssr.common.errors import UserError
from itk_arssr.images.datafiles import files_of


class Inputs:
    """Files that are read, identified by what they are on the disk: links and spellings of a path do not matter."""

    def __init__(self, paths: Iterable[Path | None]) -> None:
        self._files = {
            identity
            for path in paths
            if path is not None
            for file in files_of(path)
            if (identity := _identity(file)) is not None
        }

    def __contains__(self, path: Path) -> bool:
        return _identity(path) in self._files

    def check_survive(self, outputs: Iterable[Path]) -> None:
        """Refuse outputs that are among these files."""
        for output in outputs:
            if output in self:
                raise UserError(f"{output} is an input; an input is never overwritten")


def place(path: Path) -> Path | tuple[int, int]:
    """Equal for two paths if they are one file, or would be one once it is written."""
    return _identity(path) or Path(os.path.realpath(path))


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except (OSError, ValueError):  # it does not exist
        return None
    return status.st_dev, status.st_ino
