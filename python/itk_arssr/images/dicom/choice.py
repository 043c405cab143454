"""Which series and volumes of a place are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from itk_arssr.images.dicom.series import Kind, Series
from itk_arssr.images.dicom.volumes import ScannedVolume

_WILDCARDS = frozenset("*?[")


class Choice:
    """What was asked for by number, description, protocol or name; if nothing was, the best that each study has."""

    def __init__(self, patterns: Sequence[str], series: Sequence[Series]) -> None:
        """Take each pattern for a number, or for a description or protocol, or else for the name of a volume."""
        self._patterns = tuple(patterns)
        self._best: dict[tuple[str, str], Kind] = {}
        for one in series:
            self._best[one.study] = min(one.kind, self._best.get(one.study, one.kind))
        self._series: set[Series] = set()
        self._names: dict[str, bool] = {}  # patterns of names, and whether they named a volume
        for pattern in self._patterns:
            named = _named(pattern, series)
            self._series.update(named)
            if not named:
                self._names[pattern] = False

    @property
    def unmet(self) -> tuple[str, ...]:
        """Patterns that have named nothing until now."""
        return tuple(pattern for pattern, has_named in self._names.items() if not has_named)

    def wants(self, series: Series) -> bool:
        """Whether a series has to be converted."""
        if not self._patterns:
            return series.kind == self._best[series.study]
        return series in self._series or any(not _is_number(pattern) for pattern in self._names)

    def takes(self, volume: ScannedVolume) -> bool:
        """Whether a volume of a series that was converted is wanted."""
        if not self._patterns:
            return volume.kind <= self._best[volume.series.study]
        named = [pattern for pattern in self._names if _fits(pattern, volume.name)]
        self._names.update(dict.fromkeys(named, True))
        return bool(named) or volume.series in self._series

    @property
    def is_explicit(self) -> bool:
        """Whether something was asked for."""
        return bool(self._patterns)


def _named(pattern: str, series: Sequence[Series]) -> list[Series]:
    """The series of a number, those of a description or protocol, or those whose description or protocol holds it."""
    if _is_number(pattern):
        return [one for one in series if one.number == int(pattern)]
    whole = [one for one in series if any(_fits(pattern, text) for text in one.texts)]
    if whole or _WILDCARDS & set(pattern):
        return whole
    return [one for one in series if any(pattern.casefold() in text.casefold() for text in one.texts)]


def _is_number(pattern: str) -> bool:
    return pattern.isascii() and pattern.isdigit()


def _fits(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern says, in which * and ? stand for any characters and case does not matter."""
    return text.casefold() == pattern.casefold() or fnmatchcase(text.casefold(), pattern.casefold())
