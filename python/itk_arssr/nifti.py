"""A check that ITK does not make: whether a NIfTI file holds all its voxels. ITK reads missing ones as zero."""

import gzip
import math
import struct
import zlib
from pathlib import Path

from itk_arssr.errors import UserError
from itk_arssr.formats import extension

_HEADERS = (".nii", ".nii.gz", ".hdr")
_CHUNK_BYTES = 2**22
# Header's length, then where and how dimensions, bits a voxel and the offset of the voxels stand in it
_FORMS = {348: ("8h", 40, "h", 72, "f", 108), 540: ("8q", 16, "h", 14, "q", 168)}


def check_is_complete(path: Path) -> None:
    """Refuse a NIfTI or Analyze file that ends before its last voxel; other files pass."""
    if extension(path) not in _HEADERS:
        return
    try:
        with _opened(path) as file:
            expected = _bytes_expected(file.read(max(_FORMS)))
        data = path if extension(path) != ".hdr" else _data_file(path)
        actual = uncompressed_length(data) if expected else 0
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise UserError(f"{path} is damaged or incomplete: its compressed data ends early") from None
    if actual < expected:
        raise UserError(f"{path} is incomplete: {actual} of {expected} bytes are there")


def _opened(path: Path):
    return gzip.open(path) if path.name.endswith(".gz") else path.open("rb")


def _data_file(header: Path) -> Path:
    image = header.with_suffix(".img")
    return image if image.exists() else header.with_suffix(".img.gz")


def uncompressed_length(path: Path) -> int:
    """Bytes of a file, uncompressed."""
    if not path.name.endswith(".gz"):
        return path.stat().st_size
    with _opened(path) as file:
        return sum(len(chunk) for chunk in iter(lambda: file.read(_CHUNK_BYTES), b""))


def _bytes_expected(header: bytes) -> int:
    """Where the last voxel ends, from the fields of a NIfTI-1, NIfTI-2 or Analyze header; 0 for what is none."""
    for order in "<>":
        form = _FORMS.get(struct.unpack_from(order + "i", header)[0]) if len(header) >= min(_FORMS) else None
        if form is not None:
            dimensions = struct.unpack_from(order + form[0], header, form[1])
            bits = struct.unpack_from(order + form[2], header, form[3])[0]
            offset = struct.unpack_from(order + form[4], header, form[5])[0]
            return int(offset) + math.prod(dimensions[1 : 1 + dimensions[0]]) * bits // 8
    return 0
