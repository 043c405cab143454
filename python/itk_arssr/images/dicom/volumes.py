"""Volumes of a DICOM series: converted, compared with its slices, and placed where these lie."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import gettempdir

import numpy as np

from itk_arssr.common.errors import UserError
from itk_arssr.common.wording import times
from itk_arssr.images.dicom.dcm2niix import Output, convert
from itk_arssr.images.dicom.frames import Frame, frames_of
from itk_arssr.images.dicom.header import Header
from itk_arssr.images.dicom.intensities import intensities, kind_of_intensities
from itk_arssr.images.dicom.match import match, turned
from itk_arssr.images.dicom.metaimage import write_metaimage
from itk_arssr.images.dicom.mosaic import holds_tiles, match_mosaics
from itk_arssr.images.dicom.order import check_are_told_apart
from itk_arssr.images.dicom.placement import placed
from itk_arssr.images.dicom.series import Kind, Series, kind_of
from itk_arssr.images.dicom.stack import Stack, read_stack

_BYTES_NEEDED = 8  # per pixel during conversion, for files that are copied and files that are made


@dataclass(frozen=True, eq=False)
class ScannedVolume:
    """A volume made from a series, or the reason why there is none."""

    series: Series
    name: str  # from dcm2niix, with the number of the time point if there are several
    kind: Kind
    file: Path | None = None  # readable by ITK, as long as its folder exists
    size: tuple[int, ...] = ()
    scan_parameters: Mapping[str, object] = field(default_factory=dict)  # the BIDS sidecar
    notes: tuple[str, ...] = ()
    problem: str = ""
    is_slice: bool = False  # a single slice, which nobody expects to be a volume


def volumes_of(series: Series, label: str, folder: Path, check: Callable[[], None]) -> list[ScannedVolume]:
    """Convert a series into an empty folder; ``label`` stands for the series' folder in the names.

    ``check`` is called repeatedly, and ends the conversion by raising an exception.
    """
    try:
        headers = series.read_headers()
        _check_can_be_converted(headers)
        conversion = convert(headers, label, folder, check)
    except UserError as error:
        return [ScannedVolume(series, f"{label}, {series.title}", series.kind, problem=str(error))]
    slices = _Slices(series, headers)
    volumes: list[ScannedVolume] = []
    for output in conversion.outputs:
        check()
        volumes += slices.volumes(output, conversion.notes)
    return slices.with_note_on_rest(volumes)


def _check_can_be_converted(headers: Sequence[Header]) -> None:
    for header in headers:
        if header.missing_bytes:
            raise UserError(f"{header.path.name} is incomplete: {header.missing_bytes} bytes of its pixels are missing")
    needed = sum(math.prod(header.size) * header.frame_count * _BYTES_NEEDED for header in headers)
    free = shutil.disk_usage(gettempdir()).free
    if needed > free:
        raise UserError(
            f"its conversion takes up to {needed / 2**30:.1f} GiB, but {free / 2**30:.1f} GiB are free in "
            f"{gettempdir()}; set TMPDIR to a folder on a larger disk"
        )


class _Slices:
    """The slices of a series, and which of them are in volumes."""

    def __init__(self, series: Series, headers: Sequence[Header]) -> None:
        self._series = series
        self._frames = [frame for header in headers for frame in frames_of(header)]
        kinds = {header.kind for header in headers if header.is_readable}
        self._kind = kinds.pop() if len(kinds) == 1 else None
        self._used: set[tuple[int, int]] = set()

    def volumes(self, output: Output, more_notes: Sequence[str]) -> Iterator[ScannedVolume]:
        """The volumes that dcm2niix made, placed where their slices lie, or the problem if they do not fit."""
        stack = None
        notes = (*output.notes, *more_notes)
        try:
            stack = read_stack(output.file).with_kind(self._kind)
            if stack.size[2] < 2:
                raise UserError(self._reason_for_slice(stack))
            frames = self._match(stack)
            self._used.update(_key(frame) for volume in frames for frame in volume)
            check_are_told_apart(frames)
            yield from _written(self._series, output, stack, frames, notes)
        except UserError as error:
            is_slice = stack is not None and stack.size[2] < 2
            kind = self._series.kind
            yield ScannedVolume(self._series, output.name, kind, problem=str(error), notes=notes, is_slice=is_slice)
        finally:
            del stack
            output.file.unlink(missing_ok=True)

    def _match(self, stack: Stack) -> list[list[Frame]]:
        """The scanner's slice for each slice of a stack, [volume][plane]."""
        mosaics = [frame for frame in self._frames if holds_tiles(stack, frame)]
        return match_mosaics(stack, mosaics) if mosaics else match(stack, self._frames)

    def _reason_for_slice(self, stack: Stack) -> str:
        reason = f"it is a single slice ({times(stack.size[:2])}); the network needs a volume"
        if self._series.is_whole:
            return reason
        return f"{reason}. If the slices are files of a DICOM series, give their folder"

    def with_note_on_rest(self, volumes: Sequence[ScannedVolume]) -> list[ScannedVolume]:
        """The volumes, with a note if slices of the series are in none of them and nothing else explains why."""
        rest = [frame for frame in self._frames if _key(frame) not in self._used]
        if not rest or any(volume.problem for volume in volumes):
            return list(volumes)
        note = (
            f"{len(rest)} of the {len(self._frames)} slices of its series are in no volume ({rest[0].header.path.name})"
        )
        return [replace(volume, notes=(*volume.notes, note)) for volume in volumes]


def _key(frame: Frame) -> tuple[int, int]:
    return id(frame.header), frame.number


def _written(
    series: Series, output: Output, stack: Stack, frames: Sequence[Sequence[Frame]], notes: tuple[str, ...]
) -> Iterator[ScannedVolume]:
    """Volumes of a stack in separate files, rows, columns and slices in DICOM's order."""
    first = frames[0][0]
    normal = np.cross(first.x, first.y)
    kind = kind_of_intensities(stack.voxels, [frame for volume in frames for frame in volume])
    digits = len(str(len(frames)))
    for volume, slices in enumerate(frames):
        order = sorted(range(len(slices)), key=lambda k: normal @ slices[k].position)
        placement = placed([slices[k] for k in order])
        name = output.name if len(frames) == 1 else f"{output.name}_t{volume + 1:0{digits}d}"
        file = output.file.with_name(f"{name}.mha")
        voxels = (turned(stack, slices[k], intensities(stack.voxels[volume, k], slices[k])) for k in order)
        write_metaimage(file, voxels, stack.size, kind, *placement.grid)
        own = (*notes, *((placement.note,) if placement.note else ()))
        yield ScannedVolume(series, name, kind_of(first.header), file, stack.size, output.sidecar, own)
