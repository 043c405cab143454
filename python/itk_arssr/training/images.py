"""Training and validation images: found, checked, and opened without their voxels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import itk
from rich.console import Console
from rich.progress import track

from itk_arssr.common.errors import UserError, description
from itk_arssr.images import io
from itk_arssr.images.found import find
from itk_arssr.images.io import LazyVolume
from itk_arssr.images.sources import Source

_MAXIMUM_THREADS = 8
_PROBLEMS_SHOWN = _NOTES_SHOWN = 5


@dataclass(frozen=True)
class OpenImage:
    """An image whose header was read; its voxels are read when something updates its reader's output."""

    source: Source
    volume: LazyVolume

    @property
    def image(self) -> itk.Image:
        """The reader's output; it does not keep the reader alive."""
        return self.volume.reader.GetOutput()


def find_all(
    paths: Sequence[Path],
    notes: list[str] | None = None,
    keep: ExitStack | None = None,
    series: Sequence[str] = (),
) -> list[Source]:
    """The images in files and directories, each once, in the order of their paths.

    Results of ``arssr upscale`` beside their scans are left out, with a note. ``series`` selects DICOM series, whose
    volumes can be read until ``keep`` is closed; a series of a study that gives no volume is an error.

    Their paths are absolute because itk changes the working directory for a moment whenever it loads one of its
    modules, and separate threads read the images.
    """
    places = [find(path, series) for path in paths]
    sources: dict[Path, Source] = {}
    for place in places:
        place.leave_out_results()
        found = [source for group in place.groups(keep=keep) for source in group]
        if place.faults:
            raise UserError("; ".join(f"{fault.name}: {fault.reason}" for fault in place.faults))
        if notes is not None:
            notes += [f"{place.place}: {remark}" for remark in place.remarks]
        sources |= {source.path.resolve(): source for source in found}
    return [replace(sources[path], path=path) for path in sorted(sources)]


def split(sources: Sequence[Source], share: float, seed: str) -> tuple[list[Source], list[Source]]:
    """Training and validation images; a file's name and the seed decide, not its location."""
    if not 0 < share < 1:
        raise UserError(f"a validation split of {share:g} is not a share; give a number between 0 and 1, such as 0.2")
    if len(sources) < 2:
        raise UserError(f"{len(sources)} image cannot be split into training and validation images; give --val")
    count = min(max(1, round(share * len(sources))), len(sources) - 1)
    ordered = sorted(sources, key=lambda source: hashlib.sha256(f"{seed}/{source.path.name}".encode()).digest())
    chosen = set(ordered[:count])
    return [one for one in sources if one not in chosen], [one for one in sources if one in chosen]


def open_images(sources: Sequence[Source], console: Console | None) -> list[OpenImage]:
    """Open images lazily; with a console also check the voxels of NIfTI files, which reads nearly all of them once."""
    pool = ThreadPoolExecutor(min(_MAXIMUM_THREADS, os.cpu_count() or 1))  # decompression runs in parallel with Python
    try:
        opened = pool.map(lambda source: _open(source, console is not None), sources)
        shown = track(
            opened,
            "Checking images",
            len(sources),
            console=console,
            transient=True,
            disable=console is None or not console.is_terminal,
        )
        results = list(shown)
    finally:
        pool.shutdown(cancel_futures=True)
    problems = [result for result in results if isinstance(result, str)]
    if problems:
        more = f"; and {len(problems) - _PROBLEMS_SHOWN} more" if len(problems) > _PROBLEMS_SHOWN else ""
        count = f"{len(problems)} of {len(sources)} images cannot be used: " if len(sources) > 1 else ""
        raise UserError(count + "; ".join(problems[:_PROBLEMS_SHOWN]) + more)
    return [
        OpenImage(source, volume)
        for source, volume in zip(sources, results, strict=True)
        if not isinstance(volume, str)
    ]


def _open(source: Source, check_voxels: bool) -> LazyVolume | str:
    """An image, or what is wrong with it."""
    try:
        return io.open_lazily(source, check_voxels)
    except (UserError, RuntimeError, OSError) as error:
        return description(error)


def notes_on(images: Sequence[OpenImage]) -> list[str]:
    """Notes on how images were read; only the first ones of many."""
    notes = [f"{image.source.path.name}: {note}" for image in images for note in image.volume.notes]
    more = len(notes) - _NOTES_SHOWN
    return [*notes[:_NOTES_SHOWN], f"{more} more notes on how images were read"] if more > 1 else notes


def names_of(sources: Sequence[Source]) -> list[str]:
    """File names, with as many of the folders above as needed to tell the images apart."""
    places = [source.path.resolve().parts for source in sources]
    names = []
    for place in places:
        length = 1
        while length < len(place) and sum(other[-length:] == place[-length:] for other in places) > 1:
            length += 1
        names.append(str(Path(*place[-length:])))
    return names
