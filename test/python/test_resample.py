"""Interpolation that super-resolution is compared with."""

import itk
import numpy as np
import pytest
from conftest import OBLIQUE, assert_same_grid, kept_field_of_view, make_image, pixels
from itk_arssr.images.resample import Grid, as_float, grid_of, resample, scaled
from scipy import ndimage


@pytest.mark.parametrize("factors", [(2, 2, 2), (0.4, 0.5, 1), (2.5, 1, 0.05)])
def test_scaled_grids_keep_the_field_of_view(factors):
    image = make_image(size=(7, 10, 9), spacing=(1, 2, 3), origin=(10, 20, 30), direction=OBLIQUE)
    grid = scaled(grid_of(image), factors)
    size, spacing, origin, direction = kept_field_of_view(image, factors)
    assert grid.size == tuple(size)
    np.testing.assert_allclose(grid.spacing, spacing)
    np.testing.assert_allclose(grid.origin, origin)
    np.testing.assert_array_equal(grid.direction, direction)


@pytest.mark.parametrize("interpolation", ["linear", "B-spline"])
def test_a_ramp_stays_a_ramp_on_an_oblique_grid(interpolation):
    image = make_image(size=(20, 12, 12), spacing=(2, 1, 1), origin=(5, 6, 7), direction=OBLIQUE)
    pixels_of = itk.array_view_from_image(image)
    pixels_of[...] = np.arange(20)[None, None, :]
    finer = resample(image, scaled(grid_of(image), (2, 1, 1)), interpolation)
    expected = np.arange(40) / 2 - 0.25
    np.testing.assert_allclose(pixels(finer)[6, 6, 10:30], expected[10:30], atol=1e-2)
    assert_same_grid(finer, *kept_field_of_view(image, (2, 1, 1)))


def test_b_splines_are_cubic_and_hit_the_samples():
    image = make_image(size=(12, 12, 12))
    np.testing.assert_allclose(pixels(resample(image, grid_of(image), "B-spline")), pixels(image), atol=1e-3)
    between = scaled(grid_of(image), (3, 3, 3))
    assert np.abs(pixels(resample(image, between, "B-spline")) - pixels(resample(image, between, "linear"))).max() > 1


def test_as_float_keeps_values_and_grid():
    image = make_image(pixel_type=itk.SS, spacing=(1, 2, 3), origin=(1, 2, 3), direction=OBLIQUE)
    converted = as_float(image)
    assert type(converted) is itk.Image[itk.F, 3]
    np.testing.assert_array_equal(pixels(converted), pixels(image))
    assert_same_grid(converted, itk.size(image), itk.spacing(image), itk.origin(image), OBLIQUE)


@pytest.mark.parametrize("size", [(11, 10, 2), (2, 10, 9), (2, 2, 2), (9, 3, 1), (1, 2, 3), (4, 4, 4)])
@pytest.mark.parametrize("factors", [(3, 2.5, 3), (1, 1, 4), (0.5, 1, 2)])
def test_b_splines_of_few_slices_are_those_of_the_mirrored_image(size, factors):
    """ITK itself is wrong for two; scipy's splines go on in the same way."""
    image = make_image(size=size, spacing=(1, 2, 3), origin=(5, 6, 7), direction=OBLIQUE)
    grid = scaled(grid_of(image), factors)
    axes = [
        (np.arange(length) + 0.5) * spacing / own_spacing - 0.5
        for length, spacing, own_spacing in zip(grid.size, grid.spacing, itk.spacing(image), strict=True)
    ]
    places = np.meshgrid(*reversed(axes), indexing="ij")
    expected = ndimage.map_coordinates(pixels(image).astype(np.float64), places, order=3, mode="mirror")
    np.testing.assert_allclose(pixels(resample(image, grid, "B-spline")), expected, atol=1e-3)


@pytest.mark.parametrize("interpolation", ["linear", "B-spline"])
@pytest.mark.parametrize("slices", [1, 2, 3, 12])
def test_outside_the_field_of_view_there_is_nothing(interpolation, slices):
    image = make_image(size=(12, 10, slices))
    grid = Grid((12, 10, slices + 8), (1.0, 1.0, 1.0), (0.0, 0.0, -4.0), np.eye(3))
    resampled = pixels(resample(image, grid, interpolation))
    assert not resampled[:4].any() and not resampled[-4:].any()
    np.testing.assert_allclose(resampled[4:-4], pixels(image), atol=1e-3)
