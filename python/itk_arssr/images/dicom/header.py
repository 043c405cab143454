"""The header of a DICOM file, read element by element: what is known of a file before anything is converted.

GDCM is not used because it decodes pixels to give a header, and does not show sequences, in which a multi-frame file
keeps the positions of its frames.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from itk_arssr.images.dicom import tags

_PREAMBLE_BYTES = 128
_MAGIC = b"DICM"
_SMALLEST = 256  # bytes; dcm2niix does not accept smaller files as DICOM
_IMPLICIT, _EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
_BIG_ENDIAN, _DEFLATED = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
_LONG_FORM = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
_NUMBERS = {b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"FL": "f", b"FD": "d"}
_UNDEFINED = 0xFFFFFFFF  # a length
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LARGEST_VALUE = 2**20  # bytes of a value that is kept; the longest are the offsets of a dose's frames
_DEEPEST = 16  # sequences in sequences
_LARGEST_INFLATED = 2**28


class NotDicom(Exception):
    """The file is not DICOM, or its header is damaged."""


@dataclass(frozen=True)
class Elements:
    """What is kept of a data set or of an item of a sequence: values by tag, and sequences."""

    values: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)  # kind (VR), and bytes
    sequences: dict[int, tuple[Elements, ...]] = field(default_factory=dict)
    positions: dict[int, tuple[int, int]] = field(default_factory=dict)  # of values in the data set, and their lengths
    order: str = "<"

    def first_item(self, tag: int) -> Elements:
        """First item of a sequence, an empty one if there is none."""
        return next(iter(self.sequences.get(tag, ())), _EMPTY)

    def text(self, tag: int) -> str:
        """A text, empty if there is none."""
        kind, value = self.values.get(tag, (b"", b""))
        return "" if kind in _NUMBERS else value.decode("utf-8", "replace").replace("\0", "").strip()

    def texts(self, tag: int) -> tuple[str, ...]:
        """A text of several values."""
        text = self.text(tag)
        return tuple(part.strip() for part in text.split("\\")) if text else ()

    def numbers(self, tag: int) -> tuple[float, ...]:
        """Numbers, written as text or binary; none if they are missing or not all are finite numbers."""
        kind, value = self.values.get(tag, (b"", b""))
        if kind in _NUMBERS:
            form = _NUMBERS[kind]
            count = len(value) // struct.calcsize(form)
            numbers = struct.unpack_from(f"{self.order}{count}{form}", value)
        else:
            try:
                numbers = tuple(float(part) for part in self.texts(tag))
            except ValueError:
                return ()
        return tuple(numbers) if all(math.isfinite(number) for number in numbers) else ()

    def number(self, tag: int) -> float | None:
        """The first of some numbers."""
        return next(iter(self.numbers(tag)), None)

    def whole(self, tag: int, default: int = 0) -> int:
        """The first of some numbers as an integer."""
        number = self.number(tag)
        return default if number is None else int(number)


_EMPTY = Elements()


@dataclass(frozen=True)
class Pixels:
    """Where the pixels of a file are, and how they are written."""

    position: int  # byte in the file
    length: int  # bytes that are present
    order: str
    is_plain: bool  # neither compressed nor in a compressed data set
    is_integer: bool


@dataclass(frozen=True)
class Header:
    """What is kept of the data set of a file, and where its pixels are, if it has any."""

    path: Path
    elements: Elements
    pixels: Pixels | None

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of each frame."""
        return self.elements.whole(tags.COLUMNS), self.elements.whole(tags.ROWS)

    @property
    def frame_count(self) -> int:
        """Number of frames that the file announces, but at most as many as it can hold."""
        spoken_of = self.elements.whole(tags.FRAMES, 1)
        return max(1, spoken_of if self.pixels is None else min(spoken_of, self.pixels.length))

    @property
    def is_image(self) -> bool:
        """Whether the file holds pixels, and gives their number."""
        return self.pixels is not None and min(self.size) > 0

    @property
    def kind(self) -> np.dtype:
        """Type of stored values, in the file's byte order; for files that are readable."""
        letter = "f" if not self.pixels.is_integer else "i" if self.elements.whole(tags.IS_SIGNED) else "u"
        return np.dtype(f"{self.pixels.order}{letter}{self.elements.whole(tags.BITS_ALLOCATED) // 8}")

    @property
    def is_readable(self) -> bool:
        """Whether the pixels can be read without a decoder."""
        bits = self.elements.whole(tags.BITS_ALLOCATED)
        return self.pixels is not None and self.pixels.is_plain and bits in (8, 16, 32, 64) and not self.missing_bytes

    @property
    def missing_bytes(self) -> int:
        """Bytes of pixels that are missing, as far as this is known."""
        if self.pixels is None or not self.pixels.is_plain or self.elements.whole(tags.SAMPLES, 1) > 1:
            return 0
        values = math.prod(self.size) * max(1, self.elements.whole(tags.FRAMES, 1))
        return max(0, math.ceil(values * self.elements.whole(tags.BITS_ALLOCATED, 8) / 8) - self.pixels.length)


def looks_like_dicom(start: bytes) -> bool:
    """Whether a file that begins so may be DICOM: with the magic word, or without a preamble with a first element."""
    if start[_PREAMBLE_BYTES : _PREAMBLE_BYTES + len(_MAGIC)] == _MAGIC:
        return True
    return len(start) >= 4 and start[0] in (2, 8) and start[1] == start[3] == 0 and start[2] <= 0x18


def read_header(path: Path) -> Header:
    """Read the header of a file; raises ``NotDicom`` if it is not DICOM, or is damaged before its pixels."""
    with path.open("rb") as file:
        start = file.read(_PREAMBLE_BYTES + len(_MAGIC))
        if not looks_like_dicom(start) or file.seek(0, 2) < _SMALLEST:
            raise NotDicom
        has_magic = start.endswith(_MAGIC)
        file.seek(len(start) if has_magic else 0)
        try:
            header = _read(path, file)
        except (struct.error, zlib.error, EOFError, OverflowError) as error:
            raise NotDicom from error
    if not has_magic and not header.is_image:
        raise NotDicom
    return header


def _read(path: Path, file: BinaryIO) -> Header:
    meta = _Reader(file, "<").read(lambda tag: tag >> 16 != 0x0002)
    syntax = meta.text(tags.TRANSFER_SYNTAX)
    if syntax == _DEFLATED:
        file = BytesIO(zlib.decompressobj(wbits=-15).decompress(file.read(), _LARGEST_INFLATED))
    order = ">" if syntax == _BIG_ENDIAN else "<"
    reader = _Reader(file, order)
    rest = reader.read(lambda tag: tag in tags.PIXELS)
    positions = {} if syntax == _DEFLATED else rest.positions
    elements = Elements(meta.values | rest.values, rest.sequences, positions, order)
    if reader.stopped_at is None:
        return Header(path, elements, None)
    tag, length = reader.stopped_at
    is_plain = length != _UNDEFINED and syntax in ("", _IMPLICIT, _EXPLICIT, _BIG_ENDIAN)
    position = file.tell()
    pixels = Pixels(
        position, min(length, file.seek(0, 2) - position), order, is_plain, is_integer=tag == tags.INTEGER_PIXELS
    )
    return Header(path, elements, pixels)


class _Reader:
    """Reads elements one by one, and keeps those of interest."""

    def __init__(self, file: BinaryIO, order: str, explicit: bool | None = None) -> None:
        self._file = file
        self._order = order
        self._tag = struct.Struct(order + "HH")
        self._short = struct.Struct(order + "H")
        self._long = struct.Struct(order + "I")
        self._explicit = self._names_kinds() if explicit is None else explicit
        self.stopped_at: tuple[int, int] | None = None  # tag and length of the element whose value is not read

    def read(self, stops_at: Callable[[int], bool], end: int | None = None, depth: int = 0) -> Elements:
        """Elements up to one to stop at, to a position in the file, or to the end of their item."""
        elements = Elements(order=self._order)
        while end is None or self._file.tell() < end:
            position = self._file.tell()
            found = self._next()
            if found is None or found[0] in (_ITEM_END, _SEQUENCE_END):
                break
            tag, kind, length = found
            if stops_at(tag):
                self.stopped_at = (tag, length)
                if tag not in tags.PIXELS:
                    self._file.seek(position)
                break
            if tag in tags.SEQUENCES or length == _UNDEFINED:
                elements.sequences[tag] = self._items(kind, length, depth + 1)
            elif tag in tags.KEPT and length <= _LARGEST_VALUE:
                elements.positions[tag] = (self._file.tell(), length)
                elements.values[tag] = (kind or tags.BINARY.get(tag, b""), self._bytes(length))
            else:
                self._file.seek(length, 1)
        return elements

    def _names_kinds(self) -> bool:
        """Whether elements name their kind; checked because some files do not do what their header says."""
        position = self._file.tell()
        start = self._file.read(6)
        self._file.seek(position)
        return start[4:].isalpha() and start[4:].isupper()

    def _next(self) -> tuple[int, bytes, int] | None:
        """Tag, kind and length of the next element; the file is then at its value."""
        head = self._file.read(8)
        if len(head) < 8:
            return None
        group, number = self._tag.unpack_from(head)
        tag = group << 16 | number
        if group == 0xFFFE or not self._explicit:
            return tag, b"", self._long.unpack_from(head, 4)[0]
        kind = head[4:6]
        if kind in _LONG_FORM:
            return tag, kind, self._long.unpack(self._bytes(4))[0]
        return tag, kind, self._short.unpack_from(head, 6)[0]

    def _items(self, kind: bytes, length: int, depth: int) -> tuple[Elements, ...]:
        if depth > _DEEPEST:
            raise NotDicom
        end = None if length == _UNDEFINED else self._file.tell() + length
        # An element without a known kind and length is written without kinds
        reader = _Reader(self._file, "<", explicit=False) if kind == b"UN" else self
        items = []
        while end is None or self._file.tell() < end:
            found = reader._next()
            if found is None or found[0] != _ITEM:
                break
            item_end = None if found[2] == _UNDEFINED else self._file.tell() + found[2]
            items.append(reader.read(lambda _: False, item_end, depth))
            if item_end is not None:
                self._file.seek(item_end)
        if end is not None:
            self._file.seek(end)
        return tuple(items)

    def _bytes(self, length: int) -> bytes:
        value = self._file.read(length)
        if len(value) < length:
            raise EOFError
        return value
