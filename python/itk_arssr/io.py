"""Reading volumes of any format that ITK knows, and writing them so that no half-written file is ever seen."""

from __future__ import annotations

import math
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import itk

from itk_arssr import atomic
from itk_arssr.errors import UserError, description
from itk_arssr.formats import check_name, extension
from itk_arssr.nifti import check_is_complete, uncompressed_length
from itk_arssr.sources import Source
from itk_arssr.wording import times

# Pixel types that the filter is wrapped for; others are read as float.
_KEPT_PIXELS = {
    "unsigned_char": itk.UC,
    "short": itk.SS,
    "unsigned_short": itk.US,
    "float": itk.F,
    "double": itk.D,
}
_BYTES = {itk.UC: 1, itk.SS: 2, itk.US: 2, itk.F: 4, itk.D: 8}
_LONGEST_AXIS = 2**31 - 1  # voxels; what negative lengths are read as is longer
_STREAMED_FORMATS = (".mha",)
_CHUNK_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Volume:
    """An image in memory and what is to be said about how it was read."""

    image: itk.Image
    notes: tuple[str, ...] = ()
    scan_parameters: Mapping[str, object] = field(default_factory=dict)  # of DICOM: how it was acquired, as BIDS has it


def read(source: Source) -> Volume:
    """Read a scalar volume; pixel types that the filter does not know become float."""
    header = _header(source)
    _check_is_scalar_volume(source, header)
    check_is_complete(source.file)
    component = itk.ImageIOBase.GetComponentTypeAsString(header.GetComponentType())
    reader = _reader(source, itk.Image[_KEPT_PIXELS.get(component, itk.F), 3])
    with _reading(source):
        reader.Update()
    own = () if component in _KEPT_PIXELS else (f"pixel type {component.replace('_', ' ')} read as float",)
    return Volume(reader.GetOutput(), (*source.notes, *own), source.scan_parameters)


def open_lazily(source: Source, check_complete: bool = True) -> itk.ProcessObject:
    """Reader of a scalar volume as float that has read the header only; whoever updates its output reads the voxels.

    The check that no voxel is missing reads all of a compressed file.
    """
    _check_is_scalar_volume(source, _header(source))
    if check_complete:
        check_is_complete(source.file)
    reader = _reader(source, itk.Image[itk.F, 3])
    with _reading(source):
        reader.UpdateOutputInformation()
    return reader


def read_grid(source: Source) -> itk.ImageBase:
    """Size, spacing, origin and direction of a volume, without its pixels."""
    header = _header(source)
    _check_is_scalar_volume(source, header, any_pixel=True)
    reader = _reader(source, itk.Image[itk.F, 3])
    with _reading(source):
        reader.UpdateOutputInformation()
    return reader.GetOutput()


def _header(source: Source) -> itk.ImageIOBase:
    """What the file tells before pixels are read."""
    file = source.file
    try:
        str(file).encode()
    except UnicodeEncodeError:
        raise UserError(f"{str(file)!r} cannot be read: its name is not valid UTF-8; rename it") from None
    if not os.access(file, os.R_OK):
        raise UserError(f"{file} cannot be read: {'no permission' if file.exists() else 'it does not exist'}")
    with _reading(source):
        header = itk.ImageIOFactory.CreateImageIO(str(file), itk.CommonEnums.IOFileMode_ReadMode)
        if header is None:
            raise UserError(f"{source.path} is not an image that ITK can read, or is damaged")
        header.SetFileName(str(file))
        header.ReadImageInformation()
    return header


@contextmanager
def _reading(source: Source) -> Iterator[None]:
    """Name the image that an error of ITK is about."""
    try:
        yield
    except RuntimeError as error:
        raise UserError(f"{source.path} cannot be read: {description(error)}") from error


def _check_is_scalar_volume(source: Source, header: itk.ImageIOBase, any_pixel: bool = False) -> None:
    size = [header.GetDimensions(axis) for axis in range(header.GetNumberOfDimensions())]
    if max(size, default=0) > _LONGEST_AXIS:
        raise UserError(f"{source.path} is damaged: its header tells of {times(size)} voxels")
    if len(size) < 3 or size[2] == 1:
        raise UserError(f"{source.path} is a single slice ({times(size)}); the network needs a volume")
    if math.prod(size[3:]) > 1:
        raise UserError(
            f"{source.path} has {len(size)} dimensions ({times(size)}); extract one three-dimensional volume first"
        )
    components = header.GetNumberOfComponents()
    if not any_pixel and components > 1:
        kind = itk.ImageIOBase.GetPixelTypeAsString(header.GetPixelType()).replace("_", " ")
        raise UserError(f"{source.path} has {components} values a voxel ({kind}); extract one channel first")


def _reader(source: Source, image_type: type) -> itk.ProcessObject:
    return itk.ImageFileReader[image_type].New(FileName=str(source.file))


def check_can_write(path: Path) -> None:
    """Refuse a file that no output can be written to, before anything is computed for it; nothing is made."""
    check_name(path)
    atomic.check_can_write(path)


def stream_divisions(path: Path, image: itk.ImageBase) -> int:
    """Parts to compute and write an image in: one, unless its format can be written piece by piece."""
    return max(1, math.ceil(_byte_count(image) / _CHUNK_BYTES)) if extension(path) in _STREAMED_FORMATS else 1


def check_fits(path: Path, image: itk.ImageBase, whole: bool = False) -> None:
    """Refuse an output that is larger than the disk, or than memory where it cannot be written piece by piece.

    ``whole`` tells that it is computed in one piece whatever its format.
    """
    needed = _byte_count(image)
    if extension(path) in _STREAMED_FORMATS and not whole:
        room, place, remedy = shutil.disk_usage(path.parent).free, f"free in {path.parent}", ""
    else:
        room, place = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), "of memory in this machine"
        remedy = f", or write {_STREAMED_FORMATS[0]}, which goes to the disk piece by piece"
        if whole:
            needed = 2 * needed + _BYTES[itk.F] * math.prod(itk.size(image))  # it, its correction and work on it
            remedy = ", or leave out --consistency and --residual, which hold all of it at once"
    if needed > room:
        raise UserError(
            f"the result of {times(itk.size(image))} voxels takes {needed / 2**30:.1f} GiB, and there are "
            f"{room / 2**30:.1f} GiB {place}; give a smaller scale or a larger spacing{remedy}"
        )


def _byte_count(image: itk.ImageBase) -> int:
    _, (pixel_type, _) = itk.template(image)
    return math.prod(itk.size(image)) * _BYTES[pixel_type]


def write(image: itk.ImageBase, path: Path, divisions: int = 1) -> None:
    """Update the pipeline that makes an image and write it, completely or not at all."""
    with atomic.completed(path, _plain_name(path)) as partial:
        _write(image, partial, path, divisions)


def write_all(files: Mapping[Path, itk.Image]) -> None:
    """Write images in memory, all of them or none."""
    with atomic.all_or_none() as begin:
        for path, image in files.items():
            _write(image, begin(path, _plain_name(path)), path)


def _plain_name(path: Path) -> str:
    """What an image is called while it is written: ITK writes ``x.nii.nii.gz`` elsewhere, and no ``x.NII.GZ``."""
    return f"image{extension(path)}"


def _write(image: itk.ImageBase, partial: Path, path: Path, divisions: int = 1) -> None:
    """Write a file that is to become ``path``, and see that all of it is there: not every format of ITK tells."""
    writer = itk.ImageFileWriter[type(image)].New(image, FileName=str(partial))
    writer.SetNumberOfStreamDivisions(divisions)
    writer.Update()
    try:
        length = uncompressed_length(partial)
    except (OSError, EOFError, zlib.error):
        length = 0
    if length <= _byte_count(image):
        raise UserError(
            f"{path} could not be written completely; free some space on its disk "
            f"({shutil.disk_usage(path.parent).free / 2**20:.0f} MiB are left) or choose another folder"
        )
