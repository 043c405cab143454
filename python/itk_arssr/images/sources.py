"""A volume to read: an image file, or a volume made from DICOM files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from itk_arssr.images.dicom.volumes import ScannedVolume
from itk_arssr.images.formats import extension

_LARGEST_SIDECAR = 2**20  # bytes
_DATA_OF_A_HEADER = {".img": (".hdr",), ".img.gz": (".hdr", ".hdr.gz")}


@dataclass(frozen=True)
class Source:
    """One volume, and what is known of it before it is read."""

    path: Path  # used in messages and for names of results; for a DICOM volume there may be no such file
    scanned: ScannedVolume | None = None

    @property
    def file(self) -> Path:
        """The file to read."""
        return self.path if self.scanned is None or self.scanned.file is None else self.scanned.file

    @property
    def files(self) -> tuple[Path, ...]:
        """The user's files that the volume comes from."""
        return (self.path,) if self.scanned is None else self.scanned.series.files

    @property
    def scan_parameters(self) -> Mapping[str, object]:
        """How a volume was acquired, by BIDS' names: from dcm2niix, or from the sidecar beside an image file."""
        return _sidecar(self.path) if self.scanned is None else self.scanned.scan_parameters

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on how the volume was made."""
        return () if self.scanned is None else self.scanned.notes


def _sidecar(image: Path) -> Mapping[str, object]:
    """The JSON object in the file of the same name beside an image; empty if none can be read."""
    file = image.with_name(image.name.removesuffix(extension(image)) + ".json")
    try:
        if file.stat().st_size > _LARGEST_SIDECAR:
            return {}
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def is_data_file(file: Path) -> bool:
    """Whether a file holds the voxels of an image that another file stands for."""
    headers = _DATA_OF_A_HEADER.get(extension(file), ())
    base = str(file)[: -len(extension(file))]
    return any(Path(base + header).exists() for header in headers)
