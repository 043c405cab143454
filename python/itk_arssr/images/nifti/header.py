"""Headers of NIfTI-1, NIfTI-2 and Analyze 7.5 files as stored; damaged ones are refused."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from itk_arssr.common.errors import UserError
from itk_arssr.images.formats import extension
from itk_arssr.images.nifti.stream import GZIP_MAGIC, first_bytes

NIFTI_1, NIFTI_2, ANALYZE = "NIfTI-1", "NIfTI-2", "Analyze 7.5"
LENGTHS = {NIFTI_1: 348, NIFTI_2: 540, ANALYZE: 348}
EXTENSION_FLAG_BYTES = 4  # between the header and the voxels of a single file
_LARGEST_OFFSET = 2**31 - 1  # that the NIfTI library can hold
VOXELS_AFTER_HEADER = LENGTHS[NIFTI_1] + EXTENSION_FLAG_BYTES
SINGLE_MAGIC, PAIR_MAGIC = b"n+1\0", b"ni1\0"
LARGEST_SIZE = 2**15 - 1  # most voxels along an axis in NIfTI-1
# Format and offset of a field: first in NIfTI-1 and Analyze, then in NIfTI-2
_FIELDS = {
    "sizeof_hdr": (("i", 0), ("i", 0)),
    "dim": (("8h", 40), ("8q", 16)),
    "intent_code": (("h", 68), ("i", 504)),
    "datatype": (("h", 70), ("h", 12)),
    "bitpix": (("h", 72), ("h", 14)),
    "pixdim": (("8f", 76), ("8d", 104)),
    "vox_offset": (("f", 108), ("q", 168)),
    "scl_slope": (("f", 112), ("d", 176)),
    "scl_inter": (("f", 116), ("d", 184)),
    "xyzt_units": (("b", 123), ("i", 500)),
    "qform_code": (("h", 252), ("i", 344)),
    "sform_code": (("h", 254), ("i", 348)),
    "quatern": (("3f", 256), ("3d", 352)),
    "qoffset": (("3f", 268), ("3d", 376)),
    "srow": (("12f", 280), ("12d", 400)),
}
_MAGIC_OFFSETS = {NIFTI_1: 344, NIFTI_2: 4}
_MAGICS = {SINGLE_MAGIC: NIFTI_1, PAIR_MAGIC: NIFTI_1, b"n+2\0": NIFTI_2, b"ni2\0": NIFTI_2}
# Name and NumPy's name of a voxel type; none if a voxel is not a number that ITK reads
_TYPES = {
    2: ("uint8", "u1"),
    4: ("int16", "i2"),
    8: ("int32", "i4"),
    16: ("float32", "f4"),
    32: ("complex64", "c8"),
    64: ("float64", "f8"),
    128: ("RGB", "V3"),
    256: ("int8", "i1"),
    512: ("uint16", "u2"),
    768: ("uint32", "u4"),
    1024: ("int64", "i8"),
    1280: ("uint64", "u8"),
    1792: ("complex128", "c16"),
    2304: ("RGBA", "V4"),
}
_UNREAD_TYPES = {0: "unknown", 1: "one bit", 1536: "float128", 2048: "complex256"}
DATATYPES = {np.dtype(code): number for number, (_, code) in _TYPES.items() if code[0] in "uif"}
_VECTOR_INTENTS = (1004, 1005, 1006, 1007)  # matrices and vectors, by which ITK recognises voxels of several values
# Slopes that ITK does not treat as 0, and numbers that NIfTI-1 can hold
_LEAST_SLOPE, _LARGEST_FLOAT = float(np.finfo(float).eps), float(np.finfo(np.float32).max)
_SINGLE_FILE = (".nii", ".nii.gz")
_PAIR_HEADER = re.compile(r"\.hdr(\.gz)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """The fields that give the positions of voxels in the file and in space; lengths in the file's own unit."""

    path: Path  # the file that the user named
    form: str  # NIFTI_1, NIFTI_2 or ANALYZE
    byte_order: str  # "<" or ">"
    data: Path  # file of the voxels
    offset: int  # of the first voxel in that file, uncompressed
    dimensions: tuple[int, ...]
    datatype: int
    intent: int  # 0 unless a voxel is a vector or matrix
    pixdim: tuple[float, ...]  # with the sign of the qform's z axis before the voxel sizes
    unit: int
    scaling: tuple[float, float] | None  # slope and intercept
    qform_code: int
    quaternion: tuple[float, ...]
    qoffset: tuple[float, ...]
    sform_code: int
    srow: npt.NDArray[np.float64]  # [3, 4]

    @property
    def size(self) -> tuple[int, int, int]:
        """Voxels along x, y and z."""
        x, y, z = (*self.dimensions, 1, 1)[:3]
        return x, y, z

    @property
    def voxel_type(self) -> np.dtype:
        """Type of a voxel in the file."""
        return np.dtype(_TYPES[self.datatype][1]).newbyteorder(self.byte_order)

    @property
    def voxel_count(self) -> int:
        """Voxels along all dimensions."""
        return math.prod(self.dimensions)


def read_header(path: Path) -> Header | None:
    """The header that belongs to a file; ``None`` if the file has another format."""
    file = _header_file(path)
    start = first_bytes(file, max(LENGTHS.values()))
    if start.startswith(GZIP_MAGIC):
        raise UserError(f"{path} is compressed twice; unpack it once, for example with gunzip")
    form = _form(start, file)
    if form is None:
        return None
    if len(start) < LENGTHS[form]:
        raise UserError(f"{path} is incomplete: {len(start)} of the {LENGTHS[form]} bytes of its header are present")
    order = _order_by_length(start, form) or _order_by_dimensions(start, form)
    if order is None:
        raise UserError(f"{path} is damaged: its header has neither its length, {LENGTHS[form]}, nor 1 to 7 dimensions")
    return _checked(path, file, form, order, _unpacked(start, form, order), start)


def pack(fields: dict[str, Any], magic: bytes, order: str = "<") -> bytes:
    """Header of a NIfTI-1 file with these fields, all others empty, and no extensions after it."""
    header = bytearray(VOXELS_AFTER_HEADER)
    for name, value in ({"sizeof_hdr": LENGTHS[NIFTI_1]} | fields).items():
        layout, offset = _FIELDS[name][0]
        struct.pack_into(order + layout, header, offset, *np.atleast_1d(value).ravel().tolist())
    header[38:39] = b"r"  # "regular", which Analyze requires
    header[_MAGIC_OFFSETS[NIFTI_1] : LENGTHS[NIFTI_1]] = magic
    return bytes(header)


def _header_file(path: Path) -> Path:
    """The file with the header: the named one, or the .hdr beside an .img."""
    known = extension(path)
    if known not in (".img", ".img.gz"):
        return path
    base = path.name[: len(path.name) - len(known)]
    beside = (path.with_name(base + end) for end in (".hdr", ".hdr.gz", ".HDR"))
    return next((file for file in beside if file.exists()), path)


def _data_file(header: Path) -> Path:
    base = re.sub(r"\.(hdr|nii)(\.gz)?$", "", header.name, flags=re.IGNORECASE)
    beside = [header.with_name(base + end) for end in (".img", ".img.gz", ".IMG")]
    found = next((file for file in beside if file.exists()), None)
    if found is None:
        raise UserError(f"{header} is only a header; its voxels are expected in {beside[0].name} beside it")
    return found


def _form(start: bytes, file: Path) -> str | None:
    for form, offset in _MAGIC_OFFSETS.items():
        if _MAGICS.get(start[offset : offset + 4]) == form:
            return form
    if not _order_by_length(start, NIFTI_1):
        return None
    if _PAIR_HEADER.search(file.name):
        return ANALYZE
    if extension(file) not in _SINGLE_FILE:
        return None
    if len(start) < LENGTHS[NIFTI_1]:
        return NIFTI_1
    magic = start[_MAGIC_OFFSETS[NIFTI_1] : LENGTHS[NIFTI_1]]
    raise UserError(f"{file} is damaged: its header ends with {magic!r}, but {SINGLE_MAGIC!r} is expected there")


def _order_by_length(start: bytes, form: str) -> str | None:
    """The byte order in which the header's first number is its length."""
    return next((order for order in "<>" if start[:4] == struct.pack(order + "i", LENGTHS[form])), None)


def _order_by_dimensions(start: bytes, form: str) -> str | None:
    """The byte order in which the number of dimensions is possible, for headers with a wrong length."""
    layout, offset = _FIELDS["dim"][form == NIFTI_2]
    return next((order for order in "<>" if 1 <= struct.unpack_from(order + layout, start, offset)[0] <= 7), None)


def _unpacked(start: bytes, form: str, order: str) -> dict[str, Any]:
    """All fields by name; those of several numbers are tuples."""
    fields = {}
    for name, layouts in _FIELDS.items():
        layout, offset = layouts[form == NIFTI_2]
        values = struct.unpack_from(order + layout, start, offset)
        fields[name] = values if len(values) > 1 else values[0]
    return fields


def _checked(path: Path, file: Path, form: str, order: str, fields: dict[str, Any], start: bytes) -> Header:
    single = form != ANALYZE and start[_MAGIC_OFFSETS[form] + 1 : _MAGIC_OFFSETS[form] + 2] == b"+"
    is_nifti = form != ANALYZE
    return Header(
        path=path,
        form=form,
        byte_order=order,
        data=file if single else _data_file(file),
        offset=_offset(path, fields["vox_offset"], LENGTHS[form] if single else 0),
        dimensions=_dimensions(path, fields["dim"]),
        datatype=_datatype(path, fields["datatype"]),
        intent=fields["intent_code"] if is_nifti and fields["intent_code"] in _VECTOR_INTENTS else 0,
        pixdim=fields["pixdim"],
        unit=fields["xyzt_units"] & 7 if is_nifti else 0,
        scaling=_scaling(path, fields["scl_slope"], fields["scl_inter"] if is_nifti else 0.0),
        qform_code=_code(fields["qform_code"]) if is_nifti else 0,
        quaternion=fields["quatern"],
        qoffset=fields["qoffset"],
        sform_code=_code(fields["sform_code"]) if is_nifti else 0,
        srow=np.reshape(np.array(fields["srow"], float), (3, 4)),
    )


def _dimensions(path: Path, dim: tuple[int, ...]) -> tuple[int, ...]:
    count = dim[0]
    if not 1 <= count <= 7:
        raise UserError(f"{path} is damaged: its header gives {count} dimensions, but 1 to 7 are possible")
    lengths = dim[1 : 1 + count]
    if min(lengths[:3]) < 1:
        raise UserError(
            f"{path} is damaged: its header has sizes of {list(lengths)} voxels, but at least 1 is expected"
        )
    # Some software leaves 0 in unused dimensions after the third.
    lengths = (*lengths[:3], *(max(1, length) for length in lengths[3:]))
    if max(lengths) > LARGEST_SIZE:
        raise UserError(
            f"{path} has {max(lengths)} voxels along an axis, but ITK reads at most {LARGEST_SIZE} from NIfTI; "
            "convert it to NRRD or MetaImage first"
        )
    return lengths


def _datatype(path: Path, datatype: int) -> int:
    if datatype not in _TYPES:
        name = _UNREAD_TYPES.get(datatype)
        raise UserError(
            f"{path} has voxels of type {datatype} ({name}), which ITK cannot read; convert it to float32 first"
            if name
            else f"{path} is damaged: its header has voxels of type {datatype}, which does not exist"
        )
    return datatype


def _offset(path: Path, offset: float, header_length: int) -> int:
    """Where the voxels begin; in a single file that omits this, after the header and the extension flag."""
    if not math.isfinite(offset) or offset < 0 or 0 < offset < header_length:
        raise UserError(
            f"{path} is damaged: its header has the first voxel at byte {offset:g} (vox_offset), but a number of at "
            f"least {header_length + (EXTENSION_FLAG_BYTES if header_length else 0)} is expected"
        )
    if int(np.float32(offset)) != int(offset) or offset > _LARGEST_OFFSET:
        raise UserError(
            f"{path} has its first voxel at byte {offset} (vox_offset), which NIfTI-1 cannot hold; remove the "
            "header's extensions, or convert it to NRRD or MetaImage"
        )
    return int(offset) or (header_length + EXTENSION_FLAG_BYTES if header_length else 0)


def _code(code: int) -> int:
    """The code of a form; 0, which means none, for an invalid code."""
    return code if 0 < code < 2**15 else 0


def _scaling(path: Path, slope: float, intercept: float) -> tuple[float, float] | None:
    """A slope that is 0 or not finite means no slope, and no intercept either."""
    if slope == 0 or not math.isfinite(slope):
        return None
    if not math.isfinite(intercept):
        raise UserError(f"{path} is damaged: its header has an intercept of {intercept} (scl_inter)")
    if not _LEAST_SLOPE < abs(slope) < _LARGEST_FLOAT or abs(intercept) > _LARGEST_FLOAT:
        raise UserError(
            f"{path} has intensities with slope {slope:g} and intercept {intercept:g} (scl_slope, scl_inter), which "
            "ITK cannot apply; convert it to float32 in another unit first"
        )
    return (slope, intercept)
