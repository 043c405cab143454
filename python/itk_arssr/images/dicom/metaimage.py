"""A MetaImage file: NIfTI stores a grid only in single precision, and ITK's Python does not write every type."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

_KINDS = {
    "i1": "MET_CHAR",
    "u1": "MET_UCHAR",
    "i2": "MET_SHORT",
    "u2": "MET_USHORT",
    "i4": "MET_INT",
    "u4": "MET_UINT",
    "f4": "MET_FLOAT",
    "f8": "MET_DOUBLE",
}


def write_metaimage(
    file: Path,
    slices: Iterable[np.ndarray],
    size: Sequence[int],
    kind: np.dtype,
    origin: Sequence[float],
    spacing: Sequence[float],
    direction: np.ndarray,
) -> None:
    """Write slices [y, x] of a type; size, origin and spacing (mm) are in the order x, y, z, directions in columns."""
    header = {
        "ObjectType": "Image",
        "NDims": 3,
        "BinaryData": True,
        "BinaryDataByteOrderMSB": sys.byteorder == "big",
        "CompressedData": False,
        "TransformMatrix": _text(np.asarray(direction).T.ravel()),
        "Offset": _text(origin),
        "ElementSpacing": _text(spacing),
        "DimSize": " ".join(map(str, size)),
        "ElementType": _KINDS[kind.str[1:]],
        "ElementDataFile": "LOCAL",
    }
    with file.open("wb") as opened:
        opened.write("".join(f"{key} = {value}\n" for key, value in header.items()).encode())
        for values in slices:
            opened.write(np.ascontiguousarray(values, kind).tobytes())


def _text(numbers: Sequence[float]) -> str:
    return " ".join(f"{number:.17g}" for number in numbers)
