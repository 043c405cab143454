"""NIfTI files for tests, written by nibabel, and the positions that nibabel gives their voxels."""

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
from conftest import OBLIQUE

SIZE = (9, 8, 7)
SPACING = (1.0, 0.8, 2.5)


def affine(directions=OBLIQUE, spacing=SPACING, offset=(10.0, -20.0, 30.0)) -> np.ndarray:
    """Voxel indices to mm to the right, front and top."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = directions * np.array(spacing), offset
    return matrix


def voxels(dtype="<f4", size=SIZE) -> np.ndarray:
    """Smooth intensities between 20 and 220, [x, y, z]."""
    x, y, z = np.meshgrid(*(np.arange(length) for length in size), indexing="ij")
    return (120 + 60 * np.sin(0.7 * x) * np.cos(0.5 * y) + 40 * np.sin(0.6 * z)).astype(dtype)


def write_nifti(
    path: Path,
    data: np.ndarray | None = None,
    sform: tuple[np.ndarray, int] | None = None,
    qform: tuple[np.ndarray, int] | None = None,
    kind: type = nibabel.Nifti1Image,
    change: Callable[[nibabel.Nifti1Header], None] = lambda header: None,
) -> Path:
    """Write voxels in their own type and byte order; a form that is left out has code 0."""
    data = voxels() if data is None else data
    matrix = (sform or qform or (np.diag((*SPACING, 1)), 0))[0]
    header = kind.header_class(endianness=">" if data.dtype.byteorder == ">" else "<")
    header.set_data_dtype(data.dtype)
    image = kind(data, matrix, header)
    if kind is not nibabel.AnalyzeImage:
        image.set_sform(*(sform or (None, 0)))
        image.set_qform(*(qform or (None, 0)))
        if not qform:
            image.header["pixdim"][1:4] = np.linalg.norm(matrix[:3, :3], axis=0)
        image.header.set_xyzt_units("mm")
    change(image.header)
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(image, path)
    return path


def corners_of(matrix: np.ndarray, size) -> np.ndarray:
    """Places [8, 3] of the outer corners of the field of view, in mm."""
    faces = [(-0.5, length - 0.5) for length in size]
    return np.array([matrix[:3] @ (x, y, z, 1) for x in faces[0] for y in faces[1] for z in faces[2]])


def forms_of(path: Path) -> dict[str, tuple[np.ndarray, int]]:
    """Corners of the field of view by each form that is there, and its code."""
    image = nibabel.load(path)
    forms = {"sform": image.get_sform(coded=True), "qform": image.get_qform(coded=True)}
    return {name: (corners_of(matrix, image.shape), int(code)) for name, (matrix, code) in forms.items() if code}


def patch(path: Path, **fields) -> Path:
    """Overwrite fields of an uncompressed header, by their names in the standard."""
    header = nibabel.load(path).header
    data = bytearray(path.read_bytes())
    for name, value in fields.items():
        layout, offset = header.structarr.dtype.fields[name]
        data[offset : offset + layout.itemsize] = np.asarray(value, layout.base).tobytes()
    path.write_bytes(data)
    return path
