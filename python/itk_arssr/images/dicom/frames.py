"""The slices of DICOM files, and where each of them lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from itk_arssr.images.dicom import tags
from itk_arssr.images.dicom.header import Elements, Header

_NOTHING = Elements()
_MARKS = (
    tags.TEMPORAL_POSITION,
    tags.ACQUISITION_NUMBER,
    tags.ECHO_NUMBER,
    tags.ECHO_TIME,
    tags.TRIGGER_TIME,
    tags.ACQUISITION_TIME,
    tags.CONTENT_TIME,
    tags.IMAGE_TYPE,
)


@dataclass(frozen=True, eq=False)
class Frame:
    """One slice of a file. Lengths are in mm, in the patient's space of DICOM and ITK (LPS); ``None`` means unknown."""

    header: Header
    number: int  # from 0, among the frames or the tiles of its file
    size: tuple[int, int]  # x, y
    spacing: tuple[float, float] | None  # x, y
    position: np.ndarray | None  # centre of the first pixel
    x: np.ndarray | None  # direction along a row, of length 1
    y: np.ndarray | None  # direction along a column
    slope: float
    intercept: float
    marks: dict[object, object]  # what may tell apart volumes whose slices share positions

    @property
    def is_placed(self) -> bool:
        """Whether the file gives its position and orientation."""
        return self.position is not None and self.x is not None and self.spacing is not None

    @property
    def order(self) -> tuple[int, int] | None:
        """Its place among the slices of a series, as its scanner numbered them."""
        number = self.header.elements.number(tags.INSTANCE_NUMBER)
        return None if number is None else (int(number), self.number)


def frames_of(header: Header) -> list[Frame]:
    """The frames of a file, in file order."""
    elements = header.elements
    shared = elements.first_item(tags.SHARED_GROUPS)
    groups = elements.sequences.get(tags.FRAME_GROUPS, ())[: header.frame_count]
    if groups:
        places = [(group, shared, elements) for group in groups]
        positions = [_vector(_numbers(place, tags.POSITION, tags.PLANE_POSITION)) for place in places]
    else:
        places = [(elements,)] * header.frame_count
        positions = _positions(elements, header.frame_count)
    return [
        _frame(header, k, place, position) for k, (place, position) in enumerate(zip(places, positions, strict=True))
    ]


def _frame(header: Header, number: int, places: Sequence[Elements], position: np.ndarray | None) -> Frame:
    """A frame; each of its values is from the first of some data sets that has it."""
    directions = _numbers(places, tags.ORIENTATION, tags.PLANE_ORIENTATION)
    x, y = (_direction(directions[:3]), _direction(directions[3:])) if len(directions) == 6 else (None, None)
    spacing = _numbers(places, tags.PIXEL_SPACING, tags.MEASURES)
    has_spacing = len(spacing) == 2 and min(spacing) > 0
    slope = _numbers(places, tags.SLOPE, tags.TRANSFORMATION)
    intercept = _numbers(places, tags.INTERCEPT, tags.TRANSFORMATION)
    return Frame(
        header,
        number,
        header.size,
        (spacing[1], spacing[0]) if has_spacing else None,
        position,
        x if y is not None else None,
        y,
        slope[0] if slope and slope[0] else 1.0,
        intercept[0] if intercept else 0.0,
        _marks(places),
    )


def _numbers(places: Sequence[Elements], tag: int, sequence: int) -> tuple[float, ...]:
    """Numbers of an element, or of an element in a sequence, in the first data set that has them."""
    for elements in places:
        for found in (elements.first_item(sequence).numbers(tag), elements.numbers(tag)):
            if found:
                return found
    return ()


def _marks(places: Sequence[Elements]) -> dict[object, object]:
    content = next(
        (item for item in (place.first_item(tags.FRAME_CONTENT) for place in places) if item.values), _NOTHING
    )
    marks: dict[object, object] = dict(enumerate(content.numbers(tags.DIMENSION_INDEX_VALUES)))
    marks[tags.TEMPORAL_POSITION_INDEX] = content.number(tags.TEMPORAL_POSITION_INDEX)
    marks |= {tag: places[-1].text(tag) or places[-1].number(tag) for tag in _MARKS}
    return {mark: value for mark, value in marks.items() if value not in (None, "")}


def _positions(elements: Elements, count: int) -> list[np.ndarray | None]:
    """Positions of the frames of a file without functional groups; of several frames, only a dose file gives them."""
    first, directions = _vector(elements.numbers(tags.POSITION)), elements.numbers(tags.ORIENTATION)
    offsets = elements.numbers(tags.FRAME_OFFSETS)
    if count == 1:
        return [first]
    if first is None or len(directions) != 6 or len(offsets) != count:
        return [None] * count
    normal = np.cross(directions[:3], directions[3:])
    # Offsets begin with 0, or else are coordinates along the patient's axis; the first frame's place is known anyway
    return [first + (offset - offsets[0]) * normal for offset in offsets]


def _vector(numbers: Sequence[float]) -> np.ndarray | None:
    return np.array(numbers) if len(numbers) == 3 else None


def _direction(numbers: Sequence[float]) -> np.ndarray | None:
    length = float(np.linalg.norm(numbers))
    return np.array(numbers) / length if length > 0.5 else None
