"""Pixels of single slices, read apart from dcm2niix so that its volumes can be compared with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import itk
import numpy as np

from itk_arssr.common.diagnostics import warnings_silenced
from itk_arssr.images.dicom import tags
from itk_arssr.images.dicom.frames import Frame
from itk_arssr.images.dicom.header import Header


def values_of(frames: Sequence[Frame]) -> np.ndarray:
    """Values, [frame, y, x]: as stored, before any slope, if a file is readable, else those that GDCM gives."""
    of_file: dict[int, list[int]] = defaultdict(list)
    for number, frame in enumerate(frames):
        of_file[id(frame.header)].append(number)
    found: list[np.ndarray] = [np.empty(0)] * len(frames)
    for numbers in of_file.values():
        header = frames[numbers[0]].header
        read = _stored if header.is_readable else _decoded
        for number, values in zip(numbers, read(header, [frames[number].number for number in numbers]), strict=True):
            found[number] = values
    return np.stack(found)


def _stored(header: Header, numbers: Sequence[int]) -> np.ndarray:
    """Values as stored in a file, without unused bits."""
    elements, pixels = header.elements, header.pixels
    columns, rows = header.size
    allocated, used = elements.whole(tags.BITS_ALLOCATED), elements.whole(tags.BITS_STORED)
    kind = header.kind
    length = columns * rows * kind.itemsize
    slices = []
    with header.path.open("rb") as file:
        for number in numbers:
            file.seek(pixels.position + number * length)
            slices.append(np.frombuffer(file.read(length), kind).reshape(rows, columns))
    values = np.stack(slices).astype(kind.newbyteorder("="))
    unused = allocated - used  # may hold an overlay
    return values << unused >> unused if pixels.is_integer and 0 < used < allocated else values


def _decoded(header: Header, numbers: Sequence[int]) -> np.ndarray:
    """Values of frames of a compressed file."""
    with warnings_silenced():
        image = itk.imread(str(header.path), pixel_type=itk.D, imageio=itk.GDCMImageIO.New())
    values = itk.array_from_image(image)
    return values.reshape(-1, *values.shape[-2:])[list(numbers)]
