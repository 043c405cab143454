"""Which series and volumes of a place are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from itk_arssr.images.dicom.series import Kind, Series
from itk_arssr.images.dicom.volumes import ScannedVolume

_WILDCARDS = frozenset("*?[")


class Choice:
    """What was requested by number, description, protocol or name; if nothing was, the best that each study has."""

    def __init__(self, patterns: Sequence[str], series: Sequence[Series]) -> None:
        """Treat each pattern as a number, or as a description or protocol, or else as the name of a volume."""
        self._patterns = tuple(patterns)
        self._best: dict[tuple[str, str], Kind] = {}
        for one in series:
            self._best[one.study] = min(one.kind, self._best.get(one.study, one.kind))
        self._series: set[Series] = set()
        self._names: dict[str, bool] = {}  # patterns for names, and whether they matched a volume
        for pattern in self._patterns:
            named = _named(pattern, series)
            self._series.update(named)
            if not named:
                self._names[pattern] = False

    @property
    def unmet(self) -> tuple[str, ...]:
        """Patterns that have matched nothing so far."""
        return tuple(pattern for pattern, has_named in self._names.items() if not has_named)

    def wants(self, series: Series) -> bool:
        """Whether a series has to be converted."""
        if not self._patterns:
            return series.kind == self._best[series.study]
        return series in self._series or any(not _is_number(pattern) for pattern in self._names)

    def takes(self, volume: ScannedVolume) -> bool:
        """Whether a volume of a converted series is wanted."""
        if not self._patterns:
            return volume.kind <= self._best[volume.series.study]
        named = [pattern for pattern in self._names if _fits(pattern, volume.name)]
        self._names.update(dict.fromkeys(named, True))
        return bool(named) or volume.series in self._series

    @property
    def is_explicit(self) -> bool:
        """Whether something was requested."""
        return bool(self._patterns)


def _named(pattern: str, series: Sequence[Series]) -> list[Series]:
    """The series with this number, with this description or protocol, or with it in their description or protocol."""
    if _is_number(pattern):
        return [one for one in series if one.number == int(pattern)]
    whole = [one for one in series if any(_fits(pattern, text) for text in one.texts)]
    if whole or _WILDCARDS & set(pattern):
        return whole
    return [one for one in series if any(pattern.casefold() in text.casefold() for text in one.texts)]


def _is_number(pattern: str) -> bool:
    return pattern.isascii() and pattern.isdigit()


def _fits(pattern: str, text: str) -> bool:
    """Whether a text matches a pattern, in which * and ? stand for any characters; case does not matter."""
    return text.casefold() == pattern.casefold() or fnmatchcase(text.casefold(), pattern.casefold())
