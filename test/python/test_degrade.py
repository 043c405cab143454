"""The simulated low-resolution scan."""

import itk
import numpy as np
import pytest
from conftest import OBLIQUE, assert_same_grid, kept_field_of_view, make_image, pixels
from itk_arssr.common.errors import UserError
from itk_arssr.images.simulation import simulate_low_resolution

FWHM_PER_SIGMA = 2 * np.sqrt(2 * np.log(2))


def point_source(length, position, spacing=1.0):
    """Image that is one point along x; thin in y and z."""
    values = np.zeros((3, 3, length), dtype=np.float32)
    values[:, :, position] = 1000
    image = itk.image_from_array(values)
    image.SetSpacing([spacing, 1.0, 1.0])
    image.SetOrigin([7.0, 0.0, 0.0])
    return image


def slice_profile(factor, length, spacing=1.0):
    """Distances from a point and the values there, over points at every position within a low-resolution voxel."""
    distances, values = [], []
    for position in range(length // 2 - 10, length // 2 + 10):
        low = simulate_low_resolution(point_source(length, position, spacing), (factor, 1, 1))
        x = itk.origin(low)[0] + itk.spacing(low)[0] * np.arange(itk.size(low)[0])
        distances.append(x - (7.0 + spacing * position))
        values.append(pixels(low)[1, 1])
    return np.concatenate(distances), np.concatenate(values)


@pytest.mark.parametrize(("factor", "spacing"), [(2.5, 1.0), (4, 0.5), (2, 3.0)])
def test_the_profile_is_as_wide_at_half_height_as_a_low_resolution_voxel(factor, spacing):
    x, value = slice_profile(factor, 60, spacing)
    mean = np.average(x, weights=value)
    sigma = np.sqrt(np.average((x - mean) ** 2, weights=value))
    assert sigma * FWHM_PER_SIGMA == pytest.approx(factor * spacing, rel=0.005)
    assert abs(mean) < 0.01 * spacing  # nothing shifts
    gaussian = np.exp(-0.5 * (x / sigma) ** 2)
    amplitude = value @ gaussian / (gaussian @ gaussian)
    np.testing.assert_allclose(value, amplitude * gaussian, atol=0.01 * amplitude)


def test_the_field_of_view_is_kept_on_an_oblique_grid():
    image = make_image(size=(10, 15, 11), spacing=(1, 0.8, 2), origin=(10, 20, 30), direction=OBLIQUE)
    low = simulate_low_resolution(image, (2.5, 2, 1))
    assert_same_grid(low, *kept_field_of_view(image, (1 / 2.5, 1 / 2, 1)))


def test_a_constant_stays_constant_up_to_the_border():
    image = make_image(size=(10, 10, 10))
    itk.array_view_from_image(image)[...] = 77
    np.testing.assert_allclose(pixels(simulate_low_resolution(image, (2.5, 2.5, 2.5))), 77, rtol=1e-5)


def test_an_axis_with_a_factor_of_one_is_left_alone():
    image = make_image(size=(10, 10, 10))
    np.testing.assert_allclose(pixels(simulate_low_resolution(image, (1, 1, 1))), pixels(image))


def test_smaller_voxels_are_refused():
    with pytest.raises(UserError, match="at least 1"):
        simulate_low_resolution(make_image(), (2, 0.5, 1))


def test_integer_images_become_float():
    low = simulate_low_resolution(make_image(pixel_type=itk.UC), (2, 2, 2))
    assert type(low) is itk.Image[itk.F, 3]
