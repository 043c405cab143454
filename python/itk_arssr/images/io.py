"""Reading volumes of any format that ITK knows, and writing them so that no incomplete file is ever visible."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import itk

from itk_arssr.common import atomic
from itk_arssr.common.errors import UserError
from itk_arssr.common.wording import times
from itk_arssr.images.finite import check_is_finite
from itk_arssr.images.formats import NIFTI_WRITABLE, check_name, extension
from itk_arssr.images.nifti import LARGEST_SIZE, Space, write_nifti
from itk_arssr.images.opened import OpenedFile
from itk_arssr.images.sources import Source

# Pixel types that the filter is wrapped for; others are read as float.
_KEPT_PIXELS = {
    "unsigned_char": itk.UC,
    "short": itk.SS,
    "unsigned_short": itk.US,
    "float": itk.F,
    "double": itk.D,
}
_BYTES = {itk.UC: 1, itk.SS: 2, itk.US: 2, itk.F: 4, itk.D: 8}
_STREAMED_FORMATS = (".mha",)
_CHUNK_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Volume:
    """An image, its place according to its file, and notes on how it was read."""

    image: itk.ImageBase
    notes: tuple[str, ...] = ()
    space: Space | None = None  # of a NIfTI file, which can give two places
    scan_parameters: Mapping[str, object] = field(default_factory=dict)  # how it was acquired, by BIDS' names


@dataclass(frozen=True)
class LazyVolume:
    """The reader of an image whose header was read; updating its output reads the voxels, as float."""

    reader: itk.ProcessObject
    notes: tuple[str, ...]
    file: OpenedFile  # must outlive the reader


def read(source: Source) -> Volume:
    """Read a scalar volume; pixel types that the filter does not know become float. NaN and infinity are refused."""
    with OpenedFile(source) as file:
        file.check_is_scalar_volume()
        if file.nifti is not None:
            file.nifti.check_voxels()
        component = itk.ImageIOBase.GetComponentTypeAsString(file.header.GetComponentType())
        reader = file.reader(itk.Image[_KEPT_PIXELS.get(component, itk.F), 3])
        with file.reading():
            reader.Update()
        image = reader.GetOutput()
        image.DisconnectPipeline()
    check_is_finite(image, source.path)
    kept = component in _KEPT_PIXELS
    return _volume(file, image, *(() if kept else (f"pixel type {component.replace('_', ' ')} read as float",)))


def open_lazily(source: Source, check_voxels: bool = True) -> LazyVolume:
    """Open a scalar volume; the check of a NIfTI file's voxels reads all of it."""
    file = OpenedFile(source)
    file.check_is_scalar_volume()
    if check_voxels and file.nifti is not None:
        file.nifti.check_voxels()
    reader = file.reader(itk.Image[itk.F, 3])
    with file.reading():
        reader.UpdateOutputInformation()
    return LazyVolume(reader, _volume(file, reader.GetOutput()).notes, file)


def read_grid(source: Source) -> Volume:
    """Size, spacing, origin and direction of a volume, without its pixels."""
    with OpenedFile(source) as file:
        file.check_is_scalar_volume(any_pixel=True)
        reader = file.reader(itk.Image[itk.F, 3])
        with file.reading():
            reader.UpdateOutputInformation()
        image = reader.GetOutput()
        image.DisconnectPipeline()
        return _volume(file, image)


def _volume(file: OpenedFile, image: itk.ImageBase, *notes: str) -> Volume:
    source = file.source
    if file.nifti is None:
        return Volume(image, (*source.notes, *notes), None, source.scan_parameters)
    return Volume(image, (*source.notes, *file.nifti.notes, *notes), file.nifti.space, source.scan_parameters)


def check_can_write(path: Path) -> None:
    """Refuse a file that no output can be written to, before anything is computed for it; makes nothing."""
    check_name(path)
    atomic.check_can_write(path)


def stream_divisions(path: Path, image: itk.ImageBase) -> int:
    """Parts to compute and write an image in: one, unless its format can be written piece by piece."""
    return max(1, math.ceil(_byte_count(image) / _CHUNK_BYTES)) if extension(path) in _STREAMED_FORMATS else 1


def check_fits(path: Path, image: itk.ImageBase, compared: bool = False, with_uncertainty: bool = False) -> None:
    """Refuse an output that is larger than the disk, or than memory if it cannot be written piece by piece.

    It is computed in one piece, whatever its format, if it is compared with its scan or comes with a map of its
    uncertainty.
    """
    if extension(path) in NIFTI_WRITABLE and max(itk.size(image)) > LARGEST_SIZE:
        raise UserError(
            f"the result has {times(itk.size(image))} voxels, but NIfTI holds at most {LARGEST_SIZE} along an axis; "
            "write .mha or .nrrd"
        )
    needed = _byte_count(image)
    if extension(path) in _STREAMED_FORMATS and not (compared or with_uncertainty):
        room, place, remedy = shutil.disk_usage(path.parent).free, f"free in {path.parent}", ""
    else:
        room, place = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), "of memory in this machine"
        remedy = f", or write {_STREAMED_FORMATS[0]}, which goes to the disk piece by piece"
        map_bytes = _BYTES[itk.F] * math.prod(itk.size(image))
        holding: list[str] = []
        if compared:
            needed = 2 * needed + map_bytes  # it, its correction and work on it
            holding += ["--consistency", "--residual"]
        if with_uncertainty:
            needed += map_bytes
            holding.append("--uncertainty")
        if holding:
            *others, last = holding
            options = f"{', '.join(others)} and {last}, which hold" if others else f"{last}, which holds"
            remedy = f", or leave out {options} all of it at once"
    if needed > room:
        raise UserError(
            f"the result of {times(itk.size(image))} voxels takes {needed / 2**30:.1f} GiB, but there are "
            f"{room / 2**30:.1f} GiB {place}; give a smaller scale or a larger spacing{remedy}"
        )


def _byte_count(image: itk.ImageBase) -> int:
    _, (pixel_type, _) = itk.template(image)
    return math.prod(itk.size(image)) * _BYTES[pixel_type]


def write(image: itk.ImageBase, path: Path, divisions: int = 1, space: Space | None = None) -> None:
    """Update the pipeline that makes an image and write it, completely or not at all.

    The header of a NIfTI file gives the image's place in the space of its source.
    """
    with atomic.completed(path, _plain_name(path)) as partial:
        _write(image, partial, path, divisions, space)


def write_all(files: Mapping[Path, tuple[itk.Image, Space | None]]) -> None:
    """Write images in memory, each with its space, all of them or none."""
    with atomic.all_or_none() as begin:
        for path, (image, space) in files.items():
            _write(image, begin(path, _plain_name(path)), path, space=space)


def _plain_name(path: Path) -> str:
    """Name of an image while it is written: ITK writes ``x.nii.nii.gz`` elsewhere, and cannot write ``x.NII.GZ``."""
    return f"image{extension(path)}"


def _write(image: itk.ImageBase, partial: Path, path: Path, divisions: int = 1, space: Space | None = None) -> None:
    """Write a file that is to become ``path``, and check that it is complete: not every format of ITK reports this."""
    if extension(path) in NIFTI_WRITABLE:
        image.UpdateOutputInformation()
        image.SetRequestedRegionToLargestPossibleRegion()
        image.Update()
        try:
            write_nifti(image, partial, space)
        except OSError as error:
            raise _is_incomplete(path) from error
        return
    writer = itk.ImageFileWriter[type(image)].New(image, FileName=str(partial))
    writer.SetNumberOfStreamDivisions(divisions)
    try:
        writer.Update()
    except RuntimeError as error:
        raise RuntimeError(str(error).replace(str(partial), str(path))) from error
    if not partial.exists() or partial.stat().st_size <= _byte_count(image):
        raise _is_incomplete(path)


def _is_incomplete(path: Path) -> UserError:
    return UserError(
        f"{path} could not be written completely; free some space on its disk "
        f"({shutil.disk_usage(path.parent).free / 2**20:.0f} MiB are left) or choose another folder"
    )
