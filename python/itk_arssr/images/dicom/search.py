"""What a folder holds, to any depth: DICOM files, recognised by content, and others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from itk_arssr.images.dicom.header import NotDicom, read_header
from itk_arssr.images.dicom.series import Entry, entry_of


@dataclass(frozen=True)
class Contents:
    """Files of a folder and of those below it, in the order of their paths."""

    dicom: list[Entry] = field(default_factory=list)  # those that hold images
    others: list[Path] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)  # files and folders


def search(folder: Path) -> Contents:
    """Look at every file in a folder and below it.

    Hidden files and folders are left out. Links are followed, but no folder is searched twice.
    """
    contents = Contents()
    for file in _files(folder, contents.unreadable, set()):
        try:
            header = read_header(file)
        except NotDicom:
            contents.others.append(file)
        except OSError:
            contents.unreadable.append(file)
        else:
            if header.is_image:
                contents.dicom.append(entry_of(header))
    return contents


def _files(folder: Path, unreadable: list[Path], seen: set[tuple[int, int]]) -> Iterator[Path]:
    try:
        status = folder.stat()
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError:
        unreadable.append(folder)
        return
    identity = status.st_dev, status.st_ino
    if identity in seen:
        return
    seen.add(identity)
    yield from (entry for entry in entries if entry.is_file())
    for entry in entries:
        if entry.is_dir():
            yield from _files(entry, unreadable, seen)
