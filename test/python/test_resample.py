"""Interpolation that super-resolution is compared with."""

import itk
import numpy as np
import pytest
from conftest import OBLIQUE, assert_same_grid, kept_field_of_view, make_image, pixels
from itk_arssr.resample import as_float, grid_of, resample, scaled


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
