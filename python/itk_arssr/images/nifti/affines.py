"""Arithmetic of affine matrices [4, 4] that map voxel indices (x, y, z, 1) to positions, and of quaternions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Affine = npt.NDArray[np.float64]

LEAST_LENGTH, LARGEST_LENGTH = 1e-6, 1e7  # mm; other voxel sizes and positions are damage
_LEAST_W_SQUARED = 1e-7  # below it a quaternion is a half turn, as in the NIfTI library
_QUATERNION_EXCESS = 1e-3  # by which rounding may make a quaternion longer than 1
_LEAST_DETERMINANT = 1e-6  # of the axes' directions; without it they do not span a volume


def affine(axes: npt.ArrayLike, origin: npt.ArrayLike) -> Affine:
    """The matrix with these columns, one for each axis, and the position of the first voxel."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = axes, origin
    return matrix


def voxel_sizes(matrix: Affine) -> npt.NDArray[np.float64]:
    """Length of a step along each axis."""
    return np.linalg.norm(matrix[:3, :3], axis=0)


def spans_a_volume(matrix: Affine) -> bool:
    """Whether all numbers are plausible and the axes point in three directions."""
    if not (np.abs(matrix) < LARGEST_LENGTH).all():
        return False
    sizes = voxel_sizes(matrix)
    return bool(sizes.min() > LEAST_LENGTH) and abs(np.linalg.det(matrix[:3, :3] / sizes)) > _LEAST_DETERMINANT


def corners(size: Sequence[int]) -> npt.NDArray[np.float64]:
    """Indices [4, 8] of the outer corners of a volume's field of view."""
    faces = [(-0.5, length - 0.5) for length in size]
    return np.array([(x, y, z, 1.0) for x in faces[0] for y in faces[1] for z in faces[2]]).T


def largest_distance(one: Affine, other: Affine, size: Sequence[int]) -> float:
    """The largest distance between the positions that two matrices give the same corner of a volume."""
    return float(np.linalg.norm(((one - other) @ corners(size))[:3], axis=0).max())


def nearest_grid(matrix: Affine, size: Sequence[int]) -> Affine:
    """The nearest matrix with axes at right angles; the middle of the volume and the voxel sizes are kept."""
    sizes = voxel_sizes(matrix)
    left, _, right = np.linalg.svd(matrix[:3, :3] / sizes)
    axes = left @ right * sizes
    middle = (np.array(size) - 1) / 2
    return affine(axes, matrix[:3, 3] + (matrix[:3, :3] - axes) @ middle)


def smallest_angle(matrix: Affine) -> float:
    """The angle between two axes that is furthest from 90 degrees, given as at most 90."""
    directions = matrix[:3, :3] / voxel_sizes(matrix)
    cosines = np.abs(directions.T @ directions)[np.triu_indices(3, 1)]
    return float(np.degrees(np.arccos(min(1.0, cosines.max()))))


def from_quaternion(
    quaternion: Sequence[float], offset: Sequence[float], sizes: Sequence[float], handedness: float
) -> Affine | None:
    """The matrix of a NIfTI qform (b, c, d and the sign of its z axis); ``None`` if its numbers are not a rotation."""
    b, c, d = quaternion
    w_squared = 1.0 - (b * b + c * c + d * d)
    if not w_squared >= -_QUATERNION_EXCESS or not np.isfinite([*offset, *sizes]).all():
        return None
    if w_squared < _LEAST_W_SQUARED:
        b, c, d = np.array(quaternion) / np.linalg.norm(quaternion)
        a = 0.0
    else:
        a = float(np.sqrt(w_squared))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    return affine(rotation * sizes * (1, 1, handedness), offset)


def to_quaternion(matrix: Affine) -> tuple[tuple[float, float, float], float]:
    """b, c and d of a matrix whose axes are at right angles, and the sign of its z axis."""
    rotation = matrix[:3, :3] / voxel_sizes(matrix)
    handedness = 1.0 if np.linalg.det(rotation) > 0 else -1.0
    rotation = rotation * (1, 1, handedness)
    # The largest eigenvector of this symmetric matrix is the rotation's quaternion (Bar-Itzhack 2000).
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation
    symmetric = np.array(
        [
            [xx - yy - zz, yx + xy, zx + xz, zy - yz],
            [yx + xy, yy - xx - zz, zy + yz, xz - zx],
            [zx + xz, zy + yz, zz - xx - yy, yx - xy],
            [zy - yz, xz - zx, yx - xy, xx + yy + zz],
        ]
    )
    b, c, d, a = np.linalg.eigh(symmetric)[1][:, -1]
    sign = -1.0 if a < 0 else 1.0
    return (float(sign * b), float(sign * c), float(sign * d)), handedness
