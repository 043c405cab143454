"""Mosaics: files from Siemens and United Imaging that hold all slices of a volume side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from itk_arssr.images.dicom import tags
from itk_arssr.images.dicom.frames import Frame
from itk_arssr.images.dicom.match import Misplaced, is_parallel, turned
from itk_arssr.images.dicom.pixels import values_of
from itk_arssr.images.dicom.sameness import compared
from itk_arssr.images.dicom.stack import Stack

_TOLERANCE = 0.05  # of a voxel


def holds_tiles(stack: Stack, frame: Frame) -> bool:
    """Whether a file may be a mosaic of slices of a stack."""
    (across, no_column), (down, no_row) = (
        divmod(whole, tile) for whole, tile in zip(frame.size, stack.size, strict=False)
    )
    is_mosaic = not no_column and not no_row and stack.size[2] <= across * down > 1
    return (
        is_mosaic and frame.header.frame_count == 1 and is_parallel(stack, frame) and _first(stack, frame) is not None
    )


def _first(stack: Stack, file: Frame) -> np.ndarray | None:
    """Position of the first tile of a mosaic, mm."""
    tiles = file.header.elements.sequences.get(tags.TILES_UIH, ())
    if tiles:
        numbers = tiles[0].numbers(tags.POSITION)
        return np.array(numbers) if len(numbers) == 3 else None
    if file.position is None:
        return None
    # Siemens gives the position of a slice as large as the mosaic, around the first tile
    shift = (np.array(file.size) - stack.size[:2]) / 2 * file.spacing
    return file.position + shift[0] * file.x + shift[1] * file.y


def match_mosaics(stack: Stack, files: Sequence[Frame]) -> list[list[Frame]]:
    """The tile for each slice of a stack, [volume][plane]."""
    for is_reversed in (False, True):
        middle = np.stack([_planes(stack, file, is_reversed)[stack.size[2] // 2] for file in files])
        chosen = compared(stack.voxels[:, stack.size[2] // 2], middle, files).matches()
        if None not in chosen and all(_shows(stack, t, files[file], is_reversed) for t, file in enumerate(chosen)):
            return [_frames(stack, files[file], is_reversed) for file in chosen]
    raise Misplaced("what dcm2niix made from its mosaics does not show their tiles")


def _shows(stack: Stack, volume: int, file: Frame, is_reversed: bool) -> bool:
    planes = _planes(stack, file, is_reversed)
    return compared(stack.voxels[volume][None], planes[None], [file]).matches() == [0]


def _planes(stack: Stack, file: Frame, is_reversed: bool) -> np.ndarray:
    """Tiles of a mosaic, [tile, y, x], in their order or reversed, x and y in the directions of the stack's."""
    columns, rows, count = stack.size
    (mosaic,) = values_of([file])
    across, down = file.size[0] // columns, file.size[1] // rows
    tiles = mosaic.reshape(down, rows, across, columns).swapaxes(1, 2).reshape(-1, rows, columns)[:count]
    return turned(stack, file, tiles[:: -1 if is_reversed else 1])


def _frames(stack: Stack, file: Frame, is_reversed: bool) -> list[Frame]:
    """The tiles of a file as slices at their positions on dcm2niix's grid, which must match the file's first tile."""
    columns, rows, count = stack.size
    corner = stack.origin.copy()
    for axis, direction, length in ((0, file.x, columns), (1, file.y, rows)):
        if direction @ stack.steps[:, axis] < 0:
            corner += stack.steps[:, axis] * (length - 1)
    positions = [corner + k * stack.steps[:, 2] for k in range(count)]
    distance = float(np.linalg.norm(_first(stack, file) - positions[-1 if is_reversed else 0]))
    step = file.header.elements.number(tags.SPACING_BETWEEN_SLICES) or np.linalg.norm(stack.steps[:, 2])
    if distance > _TOLERANCE * min(file.spacing) or abs(np.linalg.norm(stack.steps[:, 2]) - step) > _TOLERANCE * step:
        raise Misplaced(
            f"dcm2niix put the first slice of the mosaic {file.header.path.name} {distance:.3g} mm from where the file "
            "has it; export the series without mosaics"
        )
    numbers = range(count - 1, -1, -1) if is_reversed else range(count)
    return [
        replace(file, number=number, size=(columns, rows), position=position)
        for number, position in zip(numbers, positions, strict=True)
    ]
