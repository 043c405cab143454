"""Files as dcm2niix should see them: under our own names, and with one study time, by which it sorts them."""

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
    """Provide the files of a series in an empty folder under numbers; returns their own names by those numbers.

    Dashes, extensions, dots and lengths of the user's names then do not matter. Files are linked; only those from tools
    that use the time of writing as the time of the study (as ITK does) are copied and get a common time.
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
    """Date and time of the study, for those elements in which the files differ."""
    common = {}
    for tag in (tags.STUDY_DATE, tags.STUDY_TIME):
        texts = {header.elements.text(tag) for header in headers}
        lengths = [length for header in headers for _, length in [header.elements.positions.get(tag, (0, 0))]]
        if len(texts) > 1 and min(lengths) > 0:
            common[tag] = min(texts)[: min(lengths)]
    return common


def _link(file: Path, link: Path) -> None:
    """Provide a file under another name; copied if a file system has no links."""
    for make in (os.symlink, os.link, shutil.copyfile):
        with suppress(OSError, NotImplementedError):
            make(file, link)
            return
    raise UserError(f"{file} cannot be read")


def _copy(header: Header, texts: dict[int, str], target: Path) -> None:
    """Copy a file with other texts of the same length in some elements."""
    shutil.copyfile(header.path, target)
    with target.open("r+b") as file:
        for tag, text in texts.items():
            if tag in header.elements.positions:
                position, length = header.elements.positions[tag]
                file.seek(position)
                file.write(text.encode().ljust(length))
