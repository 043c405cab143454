"""Results of earlier runs among the images of a directory: they are not scans, and are not computed from again."""

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
    """Images of a directory: scans, and results that were made of scans."""

    scans: tuple[Source, ...]
    results: tuple[Source, ...]

    @property
    def note(self) -> str:
        """What is to be said of the results; nothing where there are none."""
        if not self.results:
            return ""
        count, first = len(self.results), self.results[0].path.name
        if count == 1:
            return f"1 image is a result of an earlier run by its name and left out ({first})"
        return f"{count} images are results of an earlier run by their names and left out ({first}, …)"


def sort(sources: Sequence[Source], outputs: Iterable[Path] = ()) -> Sorted:
    """Tell results by their names: those whose scan is there too, and all that lie in directories for outputs.

    What a directory holds besides them stays a scan, results too whose scans are elsewhere: they may be taken further.
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
    """What a result of this name may have been made of: each way to take its label off."""
    prefix = _PREFIX.match(name)
    if prefix is None:
        return
    rest = name[prefix.end() :]
    for underscore in re.finditer("_", rest):
        if _LABEL.fullmatch(rest, 0, underscore.start()):
            yield rest[underscore.end() :]
