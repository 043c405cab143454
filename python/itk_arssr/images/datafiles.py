"""Which files belong to an image named by one of them: voxels may be in other files than the header."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_HEADER_BYTES = 2**20  # headers are shorter
_MOST_FILES = 100_000  # that a pattern may expand to
# Extensions of the files of one image, which otherwise have the same name
_TOGETHER = ((".hdr", ".img", ".hdr.gz", ".img.gz"), (".spr", ".sdt"))
_META_FIELD = re.compile(r"^\s*ElementDataFile\s*=\s*(.*?)\s*$", re.MULTILINE)
_NRRD_FIELD = re.compile(r"^data ?file:\s*(.*?)\s*$", re.MULTILINE | re.IGNORECASE)
_NUMBER = re.compile(r"%0?\d*d")


def files_of(image: Path) -> tuple[Path, ...]:
    """The file itself and the existing files that it refers to or that refer to it."""
    name = image.name.lower()
    found = {image: None}
    for extensions in _TOGETHER:
        for known in sorted(extensions, key=len, reverse=True):
            if name.endswith(known):
                base = image.name[: -len(known)]
                found |= dict.fromkeys(
                    image.with_name(base + spelled) for own in extensions for spelled in (own, own.upper())
                )
                break
    if name.endswith((".mhd", ".mha")):
        found |= dict.fromkeys(_referred(image, _META_FIELD))
    if name.endswith((".nhdr", ".nrrd")):
        found |= dict.fromkeys(_referred(image, _NRRD_FIELD))
    return tuple(file for file in found if os.path.exists(file))


def _referred(header: Path, field: re.Pattern[str]) -> Iterator[Path]:
    """Files that a MetaImage or NRRD header names: one, a list, or a pattern with a number in it."""
    try:
        with header.open("rb") as file:
            text = file.read(_HEADER_BYTES).decode("utf-8", errors="surrogateescape")
    except OSError:
        return
    match = field.search(text)
    if match is None or "\0" in match[1]:
        return
    words = match[1].split()
    if not words or words[0].upper() == "LOCAL":
        return
    if words[0].upper() == "LIST":
        names: Sequence[str] = [line.strip() for line in text[match.end() :].splitlines()]
    elif _NUMBER.search(match[1]):
        names = list(itertools.islice(_numbered(words), _MOST_FILES))
    else:
        names = [match[1]]
    for name in names:
        if name and "\0" not in name:
            yield header.parent / name


def _numbered(words: Sequence[str]) -> Iterator[str]:
    """Names from a pattern, a first and a last number, and a step."""
    try:
        first, last, step = (int(word) for word in (*words[1:3], *(words[3:4] or ["1"])))
    except ValueError:
        return
    form = _NUMBER.search(words[0])
    if step > 0 and form is not None:
        before, after = words[0][: form.start()], words[0][form.end() :]
        yield from (f"{before}{form[0] % number}{after}" for number in range(first, last + 1, step))
