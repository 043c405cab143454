"""Results of earlier runs among the images of a directory: they are not scans, and are not processed again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from itk_arssr.images.formats import output_extension, stem

if TYPE_CHECKING:
    from itk_arssr.images.sources import Source

_NUMBER = r"\d+(?:[d.]\d+)?(?:e[+-]?\d+)?"  # as options.PerAxis.label and the published scripts write it
_LABEL = re.compile(rf"{_NUMBER}(?:x{_NUMBER})*(?:x|mm)|like_.+")
_PREFIX = re.compile(r"ArSSR_[A-Za-z0-9]+_(?:recon|residual|uncertainty)_")


@dataclass(frozen=True)
class Sorted:
    """Images of a directory: scans, and results made from scans."""

    scans: tuple[Source, ...]
    results: tuple[Source, ...]

    @property
    def note(self) -> str:
        """Note on the results; empty if there are none."""
        if not self.results:
            return ""
        count, first = len(self.results), self.results[0].path.name
        if count == 1:
            return f"1 image was left out, as its name is that of an earlier result ({first})"
        return f"{count} images were left out, as their names are those of earlier results ({first}, …)"


def sort(sources: Sequence[Source], outputs: Iterable[Path] = ()) -> Sorted:
    """Recognise results by their names: those beside their scan, and all those in output directories.

    All other images of a directory are scans, even results whose scans are elsewhere: they may be processed further.
    """
    folders = [folder.resolve() for folder in outputs]
    scans = {stem(source.path) + output_extension(source.path) for source in sources}
    results = tuple(
        source
        for source in sources
        if any(tail in scans or source.path.resolve().parent in folders for tail in _tails(source.path.name))
    )
    return Sorted(tuple(source for source in sources if source not in results), results)


def _tails(name: str) -> Iterator[str]:
    """Names of the scans that a result of this name may come from: each way to remove its label."""
    prefix = _PREFIX.match(name)
    if prefix is None:
        return
    rest = name[prefix.end() :]
    for underscore in re.finditer("_", rest):
        if _LABEL.fullmatch(rest, 0, underscore.start()):
            yield rest[underscore.end() :]
