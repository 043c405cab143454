"""Files as dcm2niix is to see them: under names of ours, and of one time of their study, by which it sorts them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from itk_arssr.common.errors import UserError
from itk_arssr.images.dicom import tags
from itk_arssr.images.dicom.header import Header


def gather(headers: Sequence[Header], folder: Path) -> dict[str, str]:
    """Make the files of a series known in an empty folder, numbered; their own names by those numbers.

    Neither dashes, endings, dots nor lengths of the user's names matter then. Files are linked, but those written one
    after the other by tools that take the time of writing for that of the study (ITK does) are copied and get one time.
    """
    common = _common_times(headers)
    names = {}
    for number, header in enumerate(headers):
        name = f"{number:06d}"
        names[name] = header.path.name
        if common:
            _copy(header, common, folder / name)
        else:
            _link(header.path.absolute(), folder / name)
    return names


def _common_times(headers: Sequence[Header]) -> dict[int, str]:
    """Date and time of the study, for the elements of it that files have several values of."""
    common = {}
    for tag in (tags.STUDY_DATE, tags.STUDY_TIME):
        texts = {header.elements.text(tag) for header in headers}
        lengths = [length for header in headers for _, length in [header.elements.positions.get(tag, (0, 0))]]
        if len(texts) > 1 and min(lengths) > 0:
            common[tag] = min(texts)[: min(lengths)]
    return common


def _link(file: Path, link: Path) -> None:
    """Make a file known under another name; copied where a file system has no links."""
    for make in (os.symlink, os.link, shutil.copyfile):
        with suppress(OSError, NotImplementedError):
            make(file, link)
            return
    raise UserError(f"{file} cannot be read")


def _copy(header: Header, texts: dict[int, str], target: Path) -> None:
    """Copy a file with other texts in some elements, which keep their lengths."""
    shutil.copyfile(header.path, target)
    with target.open("r+b") as file:
        for tag, text in texts.items():
            if tag in header.elements.positions:
                position, length = header.elements.positions[tag]
                file.seek(position)
                file.write(text.encode().ljust(length))
