"""Slices oriented as readers of medical images expect, and the figure."""

import itk
import numpy as np
import pytest
from conftest import make_image
from itk_arssr.pictures.picture import Panel, save_comparison
from itk_arssr.pictures.slices import middle_slice, most_detailed, normal_axis

LEFT, BACK, HEAD = 0, 1, 2  # ITK's physical axes

# Every way in which an image's axes can lie along the patient's, mirrored or not.
DIRECTIONS = [
    np.eye(3)[list(order)].T * signs
    for order in [(0, 1, 2), (2, 0, 1), (1, 0, 2)]
    for signs in [(1, 1, 1), (-1, -1, 1)]
]


def marked_image(direction, offset):
    """Image whose one bright voxel lies at this physical offset from its middle."""
    image = make_image(size=(9, 9, 9), spacing=(1, 1, 1), direction=direction)
    view = itk.array_view_from_image(image)
    view[...] = 0
    index = np.round(np.linalg.inv(direction) @ np.array(offset)).astype(int) + 4
    view[tuple(index[::-1])] = 100
    return image


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(
    ("normal", "offset", "row", "column"),
    [
        (HEAD, (3, 2, 0), 6, 7),  # axial: back is down, the patient's left is right
        (BACK, (3, 0, 2), 2, 7),  # coronal: head is up, the patient's left is right
        (LEFT, (0, 3, 2), 2, 7),  # sagittal: head is up, back is right
    ],
)
def test_slices_are_turned_to_the_usual_view(direction, normal, offset, row, column):
    axis = int(np.flatnonzero(direction[normal])[0])
    shown = middle_slice(marked_image(direction, offset), axis)
    assert np.unravel_index(shown.pixels.argmax(), shown.pixels.shape) == (row, column)


def test_sides_are_in_mm():
    image = make_image(size=(8, 9, 10), spacing=(1, 2, 3))
    axial = middle_slice(image, 2)
    assert (axial.height, axial.width) == (18, 8)
    assert axial.pixels.shape == (9, 8)
    coronal = middle_slice(image, 1)
    assert (coronal.height, coronal.width) == (30, 8)


def test_the_slice_shows_the_coarse_axis():
    thick = make_image(spacing=(4, 1, 1))
    assert normal_axis([make_image(), thick]) != 0


def test_the_zoomed_square_is_where_the_detail_is():
    image = make_image(size=(40, 40, 3))
    view = itk.array_view_from_image(image)
    view[...] = 0
    view[:, 22:34:2, 4:16] = 100
    square = most_detailed(middle_slice(image, 2))
    assert square.left <= 5
    assert square.left + square.side >= 15
    assert square.top <= 23
    assert square.top + square.side >= 33


def test_the_figure_is_a_picture_with_a_column_for_each_image(tmp_path):
    from matplotlib.image import imread

    truth, other = make_image(size=(12, 12, 12)), make_image(size=(12, 12, 12), seed=2)
    save_comparison(tmp_path / "new" / "two.png", [Panel("a", other)], Panel("truth", truth))
    save_comparison(tmp_path / "three.png", [Panel("a", other)], Panel("truth", truth), errors_of=(0,))
    two, three = imread(tmp_path / "new" / "two.png"), imread(tmp_path / "three.png")
    assert three.shape[1] > 1.3 * two.shape[1]
    assert np.ptp(two[..., :3].mean(axis=2)) > 0.8  # not an empty page
