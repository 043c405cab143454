"""Mosaics for tests: files that hold the slices of a volume side by side, as two makers of scanners write them."""

import math
import struct
from collections.abc import Sequence

import numpy as np
from dicom import Elements, Place, seen, slice_elements

_SIZE = (20, 18)


def siemens_mosaic(places: Sequence[Place], number: int = 1, gain: float = 1.0) -> Elements:
    """Elements of a file with as many tiles across as down, whose position is that of a slice as large as the file."""
    across = math.ceil(math.sqrt(len(places)))
    position, rows, columns = (np.asarray(vector, float) for vector in places[0])
    step = np.subtract(places[1][0], places[0][0])
    spacing = np.linalg.norm(step)
    position = position - (across - 1) / 2 * (_SIZE[0] * rows + _SIZE[1] * columns)
    elements = slice_elements((position, rows, columns), _tiled(places, across, across, gain), number=number)
    private = [
        ("NumberOfImagesInMosaic", "US", [str(len(places))]),
        ("SliceNormalVector", "FD", [f"{value:.8f}" for value in step / spacing]),
    ]
    return elements | {
        0x00080008: ("CS", "ORIGINAL\\PRIMARY\\M\\ND\\MOSAIC"),
        0x00080070: ("LO", "SIEMENS"),
        0x00180088: ("DS", f"{spacing:g}"),
        0x00190010: ("LO", "SIEMENS MR HEADER"),
        0x0019100A: ("US", len(places)),
        0x00290010: ("LO", "SIEMENS CSA HEADER"),
        0x00291010: ("OB", _csa(private)),
    }


def united_imaging_mosaic(places: Sequence[Place], number: int = 1, gain: float = 1.0) -> Elements:
    """Elements of a file without a position that gives the position of each tile."""
    across = math.ceil(math.sqrt(len(places)))
    tiles = _tiled(places, across, math.ceil(len(places) / across), gain)
    elements = slice_elements(places[0], tiles, number=number)
    del elements[0x00200032]
    text = ["\\".join(f"{value:.10g}" for value in place[0]) for place in places]
    return elements | {
        0x00080008: ("CS", "ORIGINAL\\PRIMARY\\M\\VFRAME"),
        0x00080070: ("LO", "UIH"),
        0x00180088: ("DS", f"{np.linalg.norm(np.subtract(places[1][0], places[0][0])):g}"),
        0x00650010: ("LO", "Image Private Header"),
        0x00651050: ("DS", str(len(places))),
        0x00651051: ("SQ", [{0x00200032: ("DS", position)} for position in text]),
    }


def _tiled(places: Sequence[Place], across: int, down: int, gain: float) -> np.ndarray:
    columns, rows = _SIZE
    tiles = np.zeros((down * across, rows, columns))
    tiles[: len(places)] = [gain * seen(place, _SIZE) for place in places]
    mosaic = tiles.reshape(down, across, rows, columns).swapaxes(1, 2).reshape(down * rows, across * columns)
    return np.round(mosaic).astype(np.uint16)


def _csa(entries: Sequence[tuple[str, str, Sequence[str]]]) -> bytes:
    """Siemens' private header, of names, kinds and values."""
    header = b"SV10\4\3\2\1" + struct.pack("<II", len(entries), 77)
    for name, kind, values in entries:
        count = max(6, len(values))
        header += struct.pack("<64si4siii", name.encode(), len(values), kind.encode(), 0, count, 77)
        for k in range(count):
            text = values[k].encode() + b"\0" if k < len(values) else b""
            header += struct.pack("<4i", len(text), len(text), 77, len(text)) + text + bytes(-len(text) % 4)
    return header
