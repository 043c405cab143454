"""Names of the volumes of series: distinguished by folders first, as archives give many folders the same name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from itk_arssr.images.dicom.series import Series
from itk_arssr.images.dicom.volumes import ScannedVolume

_LONGEST = 64  # bytes of a folder's label


class Names:
    """Gives each folder a label, and each volume a path with a unique last part."""

    def __init__(self, series: Sequence[Series]) -> None:
        folders = list(dict.fromkeys(one.folder for one in series))
        self._labels = dict(zip(folders, _labels(folders), strict=True))
        self._counts = Counter(one.folder for one in series)
        self._used: set[str] = set()

    def label(self, series: Series) -> str:
        """What stands for the folder in the names that dcm2niix gives."""
        return self._labels[series.folder]

    def paths(self, series: Series, volumes: Sequence[ScannedVolume], is_only: bool) -> list[Path]:
        """Paths for volumes of a series: that of the folder, or of the named file, if it holds only one.

        ``is_only`` means that the series gave no other volumes.
        """
        if not is_only or (self._counts[series.folder] > 1 and series.is_whole):
            return [self._unused(series.folder / volume.name) for volume in volumes]
        return [self._unused(series.folder.parent / self.label(series)) if series.is_whole else series.files[0]]

    def _unused(self, path: Path) -> Path:
        letters = 0
        name = path.name
        while name in self._used:
            letters += 1
            name = f"{path.name}_{letters + 1}"
        self._used.add(name)
        return path.with_name(name)


def _labels(folders: Sequence[Path]) -> list[str]:
    """Names of folders, with as many of the folders above as needed to tell them apart."""
    places = [folder.absolute().parts for folder in folders]
    labels = []
    for place in places:
        length = 1
        while length < len(place) and sum(other[-length:] == place[-length:] for other in places) > 1:
            length += 1
        label = re.sub(r"[^\w.+=-]+", "_", "_".join(place[-length:]))
        labels.append(label.encode()[-_LONGEST:].decode(errors="ignore").strip("._-") or "dicom")
    return labels
