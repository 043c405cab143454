"""Which grid a NIfTI header gives its voxels, and the space of a result on another grid.

A header can give two places, the sform (any matrix) and the qform (a rotation), each with a code for the space that it
maps to. If they differ, nibabel, FSL, SPM and FreeSurfer use the sform, and so does this module; ITK's own reader uses
one or the other by rules of its own. A result keeps both, so that it overlays its input in all software.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import itk
import numpy as np
import numpy.typing as npt

from itk_arssr.common.errors import UserError
from itk_arssr.common.wording import times
from itk_arssr.images.nifti.affines import (
    LARGEST_LENGTH,
    LEAST_LENGTH,
    Affine,
    affine,
    from_quaternion,
    largest_distance,
    nearest_grid,
    smallest_angle,
    spans_a_volume,
    voxel_sizes,
)
from itk_arssr.images.nifti.header import ANALYZE, Header

METRE, MILLIMETRE, MICROMETRE = 1, 2, 3
MM_PER_UNIT = {METRE: 1e3, MICROMETRE: 1e-3}  # all other codes are treated as millimetres
SCANNER = 1
_CODE_NAMES = {SCANNER: "scanner", 2: "aligned", 3: "Talairach", 4: "MNI", 5: "template"}
_STANDARD_SPACES = (3, 4, 5)
# Shares of the smallest voxel size: an invisible difference, and one that rounding in a header may cause
_UNSEEN, _ROUNDING = 0.01, 0.5
_ROUNDED_ANGLE = 89.0  # degrees: least angle between axes that is explained by rounding
_RIGHT_ANGLE = 89.9  # degrees: least angle between axes that a qform can represent
_ITK_AXES = np.array([-1.0, -1.0, 1.0])  # ITK's x and y go to the left and to the back


@dataclass(frozen=True)
class Form:
    """A matrix from voxel indices to mm (to the right, front and top), and the code of the space that it maps to."""

    matrix: Affine
    code: int

    def __str__(self) -> str:
        return _CODE_NAMES.get(self.code, f"code {self.code}")


@dataclass(frozen=True)
class Space:
    """The grid of the voxels, and the forms that a header has for it."""

    grid: Affine  # voxel indices to mm, as in Form
    used: Literal["sform", "qform"] | None  # the form that the grid is from
    sform: Form | None = None
    qform: Form | None = None
    unit: int = MILLIMETRE  # of lengths in the header, as its code

    def on(self, grid: Affine) -> Space:
        """The space of an image computed on another grid: its forms map each place to the same point as these."""
        moved = {
            name: Form(grid if name == self.used else form.matrix @ np.linalg.inv(self.grid) @ grid, form.code)
            for name, form in (("sform", self.sform), ("qform", self.qform))
            if form is not None
        }
        if "qform" in moved and smallest_angle(moved["qform"].matrix) < _RIGHT_ANGLE:
            del moved["qform"]  # a grid that is rotated relative to sheared or scaled axes
        return replace(self, grid=grid, sform=moved.get("sform"), qform=moved.get("qform"))

    @property
    def standard(self) -> str:
        """Name of the standard space that the grid is in, empty if it is in none."""
        form = getattr(self, self.used) if self.used else None
        return str(form) if form is not None and form.code in _STANDARD_SPACES else ""


def scanner_space(grid: Affine) -> Space:
    """The space of an image from a file of another format: both forms equal its grid."""
    return Space(grid, "sform", Form(grid, SCANNER), Form(grid, SCANNER))


def itk_grid(image: itk.ImageBase) -> Affine:
    """Matrix from the indices of an ITK image to mm to the right, front and top."""
    axes = itk.array_from_matrix(image.GetDirection()) * np.array(image.GetSpacing())
    return affine(_ITK_AXES[:, None] * axes, _ITK_AXES * np.array(image.GetOrigin()))


def space_of(header: Header) -> tuple[Space, list[str]]:
    """The space that is used for a file's voxels, and notes on it."""
    notes: list[str] = []
    if header.unit in MM_PER_UNIT:
        notes.append(f"its lengths are in {'metres' if header.unit == METRE else 'micrometres'} (xyzt_units)")
    sform, qform = _sform(header, notes), _qform(header, notes)
    if sform is None and qform is None:
        _check_voxel_sizes(header, notes)
        if header.sform_code or header.qform_code:
            raise UserError(
                f"{header.path} has no usable place: {'; '.join(notes)}. Give it a valid sform or qform first"
            )
        return _without_forms(header, notes), notes
    if sform is None:
        _check_voxel_sizes(header, notes)
        return Space(qform.matrix, "qform", None, qform, header.unit), notes
    grid = nearest_grid(sform.matrix, header.size)
    voxel = min(voxel_sizes(grid))
    off = largest_distance(sform.matrix, grid, header.size)
    apart = largest_distance(sform.matrix, qform.matrix, header.size) if qform is not None else 0.0
    if off > _ROUNDING * voxel or smallest_angle(sform.matrix) < _ROUNDED_ANGLE:
        _check_is_replaced(header, sform, qform, off)
        notes.append(
            f"its sform ({sform}) is sheared, with axes at {smallest_angle(sform.matrix):.1f}°: the qform ({qform}) is "
            f"used, which differs by up to {apart:.3g} mm"
        )
        return Space(qform.matrix, "qform", sform, qform, header.unit), notes
    if off > _UNSEEN * voxel:
        notes.append(f"the axes of its sform are not quite at right angles: it was corrected by up to {off:.3g} mm")
    if apart > _UNSEEN * voxel:
        notes.append(
            f"its sform ({sform}) and its qform ({qform}) differ by up to {apart:.3g} mm: the sform is used, as in "
            "nibabel, FSL, SPM and FreeSurfer"
        )
    elif qform is None:
        _compare_voxel_sizes(header, grid, notes)
    return Space(grid, "sform", sform, qform, header.unit), notes


def _scale(header: Header) -> float:
    return MM_PER_UNIT.get(header.unit, 1.0)


def _sizes(header: Header) -> npt.NDArray[np.float64]:
    """Voxel sizes of the header in mm, without their signs."""
    return np.abs(np.array(header.pixdim[1:4])) * _scale(header)


def _sform(header: Header, notes: list[str]) -> Form | None:
    if not header.sform_code:
        return None
    matrix = affine(header.srow[:, :3] * _scale(header), header.srow[:, 3] * _scale(header))
    if spans_a_volume(matrix):
        return Form(matrix, header.sform_code)
    notes.append(f"its sform (rows {header.srow.tolist()}) does not span a volume and is ignored")
    return None


def _qform(header: Header, notes: list[str]) -> Form | None:
    if not header.qform_code:
        return None
    offset = np.array(header.qoffset) * _scale(header)
    matrix = from_quaternion(header.quaternion, offset, _sizes(header), -1.0 if header.pixdim[0] < 0 else 1.0)
    if matrix is not None and spans_a_volume(matrix):
        return Form(matrix, header.qform_code)
    notes.append(
        f"its qform (quaternion {list(header.quaternion)}, offset {list(header.qoffset)}) is not a rotation and is "
        "ignored"
    )
    return None


def _check_is_replaced(header: Header, sform: Form, qform: Form | None, off: float) -> None:
    """Refuse a sheared sform if there is no qform to replace it."""
    if qform is None:
        raise UserError(
            f"{header.path} has an sform ({sform}) with axes at {smallest_angle(sform.matrix):.1f}°, up to {off:.3g} "
            "mm from any grid with right angles, and no qform; a network needs right angles. Resample the image first "
            "(nibabel.processing.resample_to_output, mri_convert, flirt), or give it a qform"
        )


def _check_voxel_sizes(header: Header, notes: list[str]) -> None:
    """Refuse invalid voxel sizes if nothing else gives the size."""
    sizes = header.pixdim[1:4]
    if not all(LEAST_LENGTH < size < LARGEST_LENGTH for size in _sizes(header)):
        raise UserError(
            f"{header.path} is damaged: its header has voxels of {times(sizes)} (pixdim), but finite lengths above "
            "0 are expected; set them, for example with nibabel's header.set_zooms"
        )
    if min(sizes) < 0:
        notes.append(f"its header has voxels of {times(sizes)} (pixdim); the signs are ignored")


def _compare_voxel_sizes(header: Header, grid: Affine, notes: list[str]) -> None:
    sizes = voxel_sizes(grid)
    if not np.allclose(_sizes(header), sizes, rtol=_UNSEEN):
        notes.append(
            f"its sform has voxels of {times(sizes)} mm and its pixdim of {times(_sizes(header))} mm: the sform is used"
        )


def _without_forms(header: Header, notes: list[str]) -> Space:
    """ITK's default place for a file: the first voxel at the origin, axes to the left, back and top."""
    kind = "Analyze 7.5 has no position or orientation" if header.form == ANALYZE else "it has neither sform nor qform"
    notes.append(
        f"{kind}: its first voxel is put at (0, 0, 0) and its axes point to the left, the back and the top; a NIfTI "
        "result has neither form either"
    )
    return Space(affine(np.diag(_ITK_AXES * _sizes(header)), np.zeros(3)), None, unit=header.unit)
