"""NIfTI-1, NIfTI-2 and Analyze 7.5 files: what ITK misses in them, or decides by rules of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from itk_arssr.images.nifti.for_itk import make_readable
from itk_arssr.images.nifti.header import ANALYZE, LARGEST_SIZE, Header, read_header
from itk_arssr.images.nifti.space import Space, space_of
from itk_arssr.images.nifti.voxels import check_voxels
from itk_arssr.images.nifti.writing import write_nifti

__all__ = ["LARGEST_SIZE", "NiftiFile", "Space", "recognised", "write_nifti"]


@dataclass(frozen=True)
class NiftiFile:
    """A NIfTI or Analyze file whose header was understood."""

    header: Header
    space: Space
    notes: tuple[str, ...]

    def check_voxels(self) -> None:
        """Refuse a file that lacks voxels, or has NaN or infinite ones."""
        check_voxels(self.header)

    def readable(self, folder: Path) -> Path:
        """Make a file in an empty folder that ITK reads with the same meaning as here."""
        return make_readable(self.header, self.space, folder)


def recognised(path: Path) -> NiftiFile | None:
    """The file, if it is NIfTI or Analyze; damage is an error."""
    header = read_header(path)
    if header is None:
        return None
    space, notes = space_of(header)
    if header.form == ANALYZE and header.scaling not in (None, (1.0, 0.0)):
        notes.append(f"its intensities are multiplied by {header.scaling[0]:g}, as SPM does for Analyze 7.5 headers")
    return NiftiFile(header, space, tuple(notes))
