"""DICOM files that belong together, before they are converted."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from pathlib import Path

import numpy as np

from itk_arssr.common.errors import UserError
from itk_arssr.images.dicom import tags
from itk_arssr.images.dicom.frames import Frame, frames_of
from itk_arssr.images.dicom.header import Header, NotDicom, read_header

_LOCALIZER = re.compile(r"locali[sz]er|scout|survey|topogram|scanogram", re.IGNORECASE)
_EVEN = 0.05  # of the distance between slices


class Kind(IntEnum):
    """The purpose of images; the lower, the more likely they are wanted."""

    ORIGINAL = 0
    DERIVED = 1
    LOCALIZER = 2

    def __str__(self) -> str:
        return ("an original image", "a derived image", "a localizer")[self]


def kind_of(header: Header) -> Kind:
    """The purpose that a file states."""
    image_type = [part.upper() for part in header.elements.texts(tags.IMAGE_TYPE)]
    texts = (header.elements.text(tag) for tag in (tags.SERIES_DESCRIPTION, tags.PROTOCOL))
    if "LOCALIZER" in image_type or any(_LOCALIZER.search(text) for text in texts):
        return Kind.LOCALIZER
    return Kind.DERIVED if image_type[:1] == ["DERIVED"] else Kind.ORIGINAL


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of an image file from the search; small, as archives hold many."""

    path: Path
    patient: str
    study: str
    series: str
    space: str  # frame of reference
    number: str
    description: str
    protocol: str
    kind: Kind
    frame_count: int


def entry_of(header: Header) -> Entry:
    """What is kept of a file; texts that many files share are stored once."""
    numbers = (tags.PATIENT, tags.STUDY, tags.SERIES, tags.FRAME_OF_REFERENCE, tags.SERIES_NUMBER)
    texts = (header.elements.text(tag) for tag in (*numbers, tags.SERIES_DESCRIPTION, tags.PROTOCOL))
    return Entry(header.path, *map(sys.intern, texts), kind_of(header), header.frame_count)


@dataclass(frozen=True, eq=False)
class Series:
    """Files of one series, in one folder or spread over several."""

    folder: Path
    entries: tuple[Entry, ...]
    is_whole: bool = True  # False: a single named file, whose folder may hold more of the series

    @property
    def files(self) -> tuple[Path, ...]:
        """All of its files."""
        return tuple(entry.path for entry in self.entries)

    def read_headers(self) -> list[Header]:
        """The headers of its files."""
        return [_read_again(entry.path) for entry in self.entries]

    @property
    def number(self) -> int | None:
        """Number in its study."""
        text = self.entries[0].number
        return int(text) if text.isascii() and text.isdigit() else None

    @property
    def texts(self) -> tuple[str, ...]:
        """Its description and its protocol, if it has them."""
        return tuple(text for text in (self.entries[0].description, self.entries[0].protocol) if text)

    @property
    def study(self) -> tuple[str, str]:
        """What the series of one examination have in common; the folder if nothing is given."""
        return self.entries[0].study or str(self.folder), self.entries[0].patient

    @property
    def slice_count(self) -> int:
        """Slices of all files."""
        return sum(entry.frame_count for entry in self.entries)

    @cached_property
    def kind(self) -> Kind:
        """The kind of most interest among those of more than one of its slices."""
        counts = dict.fromkeys(Kind, 0)
        for entry in self.entries:
            counts[entry.kind] += entry.frame_count
        return next((kind for kind in Kind if counts[kind] > 1), max(Kind, key=counts.__getitem__))

    @property
    def title(self) -> str:
        """Its number and description."""
        number = "" if self.number is None else f" {self.number}"
        return f"series{number}" + "".join(f" '{text}'" for text in self.texts[:1])


def _read_again(file: Path) -> Header:
    try:
        return read_header(file)
    except (NotDicom, OSError):
        raise UserError(f"{file} has changed or vanished since it was found") from None


def grouped(entries: Iterable[Entry]) -> list[Series]:
    """Series of image files, in the order of their folders and numbers."""
    parts: dict[tuple, list[Entry]] = defaultdict(list)
    for entry in entries:
        parts[(entry.path.parent, entry.patient, entry.study, entry.series, entry.number)].append(entry)
    series = [Series(folder, tuple(own)) for (folder, *_), own in parts.items()]
    return sorted(_joined(series), key=lambda one: (one.folder.parts, one.number or 0))


def _joined(series: Sequence[Series]) -> list[Series]:
    """Series joined again whose slices some archives spread over several folders."""
    same: dict[tuple, list[Series]] = defaultdict(list)
    for one in series:
        first = one.entries[0]
        same[(first.patient, first.study, first.series, first.space) if first.series else (one,)].append(one)
    joined: list[Series] = []
    for parts in same.values():
        whole = Series(_common_folder(parts), tuple(entry for part in parts for entry in part.entries))
        joined += [whole] if len(parts) > 1 and _is_even(whole) else parts
    return joined


def _common_folder(parts: Sequence[Series]) -> Path:
    folder = parts[0].folder
    while not all(part.folder.is_relative_to(folder) for part in parts):
        folder = folder.parent
    return folder


def _is_even(series: Series) -> bool:
    """Whether slices are parallel, at distinct places and equidistant; else they may be of series of the same name."""
    frames: list[Frame] = [frame for header in series.read_headers() for frame in frames_of(header)]
    if not all(frame.is_placed for frame in frames) or len(frames) < 3:
        return False
    first = frames[0]
    is_parallel = all(np.allclose((frame.x, frame.y), (first.x, first.y), atol=1e-3) for frame in frames)
    positions = np.array([frame.position for frame in frames]) - first.position
    distances = np.diff(np.sort(positions @ np.cross(first.x, first.y)))
    return is_parallel and bool(np.ptp(distances) < _EVEN * distances.mean())
