"""Which images there are: single files, DICOM series, and directories of both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import itk

from itk_arssr.diagnostics import warnings_silenced
from itk_arssr.errors import UserError
from itk_arssr.formats import extension
from itk_arssr.results import sort

_DATA_OF_A_HEADER = {".img": (".hdr",), ".img.gz": (".hdr", ".hdr.gz")}


@dataclass(frozen=True)
class Source:
    """One volume to read: an image file, or the slices of one DICOM series in spatial order."""

    path: Path
    slices: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that the volume is read from."""
        return tuple(Path(name) for name in self.slices) or (self.path,)


def find(path: Path) -> tuple[list[Source], bool]:
    """Images that a command line argument stands for, and whether it is a batch.

    A file is one image, a folder with one DICOM series too. Any other folder is a batch of its image files, of the
    DICOM series in it and of its sub-folders that hold DICOM series.
    """
    if path.is_file():
        return [Source(path)], False
    if not path.is_dir():
        raise UserError(f"{path} is neither a file nor a folder" if path.exists() else f"{path} does not exist")
    series, images = _dicom_series(path), _image_files(path)
    if len(series) == 1 and not images:
        return series, False
    found = series + images
    for folder in sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith(".")):
        found += _dicom_series(folder)
    if not found:
        raise UserError(f"{path} holds neither an image file nor a DICOM series")
    return found, True


def find_one(path: Path) -> Source:
    """The one image that an argument stands for; results of earlier runs beside their scan do not count."""
    found, is_batch = find(path)
    scans = sort(found).scans if is_batch else found
    if len(scans) != 1:
        raise UserError(f"{path} holds {len(scans)} images; name one of them")
    return scans[0]


def _image_files(folder: Path) -> list[Source]:
    files = sorted(entry for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith("."))
    return [Source(file) for file in files if extension(file) not in ("", ".dcm", ".dicom") and not _is_data_file(file)]


def _is_data_file(file: Path) -> bool:
    headers = _DATA_OF_A_HEADER.get(extension(file), ())
    base = str(file)[: -len(extension(file))]
    return any(Path(base + header).exists() for header in headers)


def _dicom_series(folder: Path) -> list[Source]:
    """The DICOM series of a folder, sub-folders left out; the folder's name stands for its only series."""
    names = itk.GDCMSeriesFileNames.New()
    with warnings_silenced():
        names.SetDirectory(str(folder))
        identifiers = list(names.GetSeriesUIDs())
        series = [tuple(names.GetFileNames(identifier)) for identifier in identifiers]
    if len(series) == 1:
        return [Source(folder, series[0])]
    return [Source(folder / f"{folder.name}_series{number}", slices) for number, slices in enumerate(series, start=1)]
