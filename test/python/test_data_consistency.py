"""The simulated scan and the data-consistency filter as Python sees them."""

import itertools

import itk
import numpy as np
import pytest
import torch
from conftest import OBLIQUE, assert_same_grid, kept_field_of_view, make_image, pixels
from itk_arssr.common.diagnostics import warnings_collected
from itk_arssr.images.resample import grid_of, resample
from itk_arssr.pictures.picture import Panel, Residuals, save_comparison

PIXEL_TYPES = [itk.F, itk.D, itk.UC, itk.SS, itk.US]
SIGMA_PER_FWHM = 1 / (2 * np.sqrt(2 * np.log(2)))
simulate = itk.slice_profile_simulation_image_filter
make_consistent = itk.slice_profile_data_consistency_image_filter


def filter_of(high, low, **settings):
    """The object, set up and run on the whole."""
    consistency = itk.SliceProfileDataConsistencyImageFilter[type(high)].New(high, low, **settings)
    consistency.Update()
    return consistency


def gaussian_means(values: np.ndarray, factors) -> np.ndarray:
    """The simulated scan, independent of the module's own code: endless Gaussians, for factors above 1."""
    for axis, factor in enumerate(reversed(factors)):
        high = values.shape[axis]
        low = max(1, int(high / factor + 0.5))
        width = high / low
        distance = np.arange(high) - ((np.arange(low)[:, None] + 0.5) * width - 0.5)
        weights = np.exp(-0.5 * (distance / (SIGMA_PER_FWHM * width)) ** 2)
        weights /= weights.sum(axis=1, keepdims=True)
        values = np.moveaxis(np.tensordot(weights, values, axes=(1, axis)), 0, axis)
    return values


# --- the simulated scan


@pytest.mark.parametrize("factors", [(2, 2, 2), (2.5, 3, 2), (4, 1.5, 3.3)])
def test_the_scan_matches_an_endless_gaussian(factors):
    image = make_image(size=(20, 18, 16), spacing=(1, 2, 3), origin=(10, 20, 30), direction=OBLIQUE)
    low = simulate(image, shrink_factors=factors)
    assert_same_grid(low, *kept_field_of_view(image, [1 / factor for factor in factors]))
    cut_off = 3 * 6.4e-5 * np.ptp(pixels(image))  # beyond 4 sigma, along each of three axes
    np.testing.assert_allclose(pixels(low), gaussian_means(pixels(image).astype(float), factors), atol=cut_off)


def test_a_reference_image_gives_the_grid():
    image = make_image(size=(20, 18, 16))
    reference = make_image(size=(5, 6, 7), spacing=(3, 2, 2), origin=(4, 4, 1), direction=OBLIQUE)
    low = simulate(image, reference_image=reference, use_reference_image=True, default_pixel_value=-7)
    assert_same_grid(low, (5, 6, 7), (3, 2, 2), (4, 4, 1), OBLIQUE)
    assert -7 in pixels(low)
    assert pixels(low).max() > 50


@pytest.mark.parametrize("pixel_type", PIXEL_TYPES)
def test_pixel_types_are_kept(pixel_type):
    image = make_image(size=(12, 12, 12), pixel_type=pixel_type)
    low = simulate(image)
    assert type(low) is type(image)
    consistency = filter_of(image, low)
    assert type(consistency.GetOutput()) is type(image)
    assert type(consistency.GetResidualMap()) is itk.Image[itk.F, 3]


# --- the residual map


def test_the_residual_is_the_scan_minus_the_simulated_one():
    high = make_image(size=(16, 15, 14), spacing=(1, 2, 3), origin=(10, 20, 30), direction=OBLIQUE)
    low = make_image(size=(8, 5, 7), spacing=(2, 6, 6), origin=(11, 21, 30), direction=OBLIQUE, seed=2)
    consistency = filter_of(high, low, number_of_iterations=0, use_voxels_outside_scan=True)
    residual = consistency.GetResidualMap()
    assert_same_grid(residual, *(getattr(grid_of(low), name) for name in ("size", "spacing", "origin", "direction")))
    np.testing.assert_array_equal(pixels(consistency.GetOutput()), pixels(high))
    simulated = simulate(high, reference_image=low, use_reference_image=True)
    inside = pixels(simulated) != 0
    assert inside.sum() > 100
    np.testing.assert_allclose(pixels(residual)[inside], (pixels(low) - pixels(simulated))[inside], atol=1e-4)
    assert not pixels(residual)[~inside].any()
    assert consistency.GetResidualRootMeanSquare() == pytest.approx(np.sqrt(np.mean(pixels(residual)[inside] ** 2)))
    assert consistency.GetResidualMaximum() == pytest.approx(np.abs(pixels(residual)).max())


def test_the_residual_falls_to_the_tolerance():
    truth = make_image(size=(20, 20, 20), seed=3)
    low = simulate(truth, shrink_factors=[2, 2, 4])
    start = resample(low, grid_of(truth), "linear")
    sizes = [filter_of(start, low, number_of_iterations=n).GetResidualRootMeanSquare() for n in range(8)]
    assert all(later < sooner for sooner, later in itertools.pairwise(sizes))
    consistency = filter_of(start, low, number_of_iterations=200, tolerance=0.1)
    assert consistency.GetResidualMaximum() <= 0.1
    assert 1 < consistency.GetNumberOfElapsedIterations() < 200
    assert consistency.GetInitialResidualRootMeanSquare() == pytest.approx(sizes[0])


# --- the corrected image


@pytest.mark.parametrize("factors", [(2, 2, 2), (1, 1, 4), (2.5, 2.5, 2.5)])
def test_back_projection_brings_an_interpolated_image_nearer_to_the_truth(factors):
    random = np.random.default_rng(5)
    truth = make_image(size=(30, 30, 30))
    itk.array_view_from_image(truth)[...] += random.normal(0, 5, (30, 30, 30))
    low = simulate(truth, shrink_factors=factors)
    spline = resample(low, grid_of(truth), "B-spline")

    def error(image):
        return np.sqrt(np.mean((pixels(image) - pixels(truth))[4:-4, 4:-4, 4:-4] ** 2))

    assert error(make_consistent(spline, low, number_of_iterations=10)) < 0.95 * error(spline)


def test_other_widths_are_in_millimetres():
    high = make_image(size=(16, 16, 16), spacing=(0.5, 0.5, 0.5))
    low = simulate(high, shrink_factors=2, full_width_at_half_maximum=[2.0, 1.5, 1.0])
    assert filter_of(high, low, number_of_iterations=0).GetResidualMaximum() > 1
    same = filter_of(high, low, number_of_iterations=0, full_width_at_half_maximum=[2.0, 1.5, 1.0])
    assert same.GetResidualMaximum() < 1e-3


# --- arrays


def test_arrays_are_treated_as_images_of_one_field_of_view():
    high = make_image(size=(16, 12, 14))
    low = simulate(high, shrink_factors=[2, 3, 2])
    expected = pixels(make_consistent(high, low, number_of_iterations=2))
    start = pixels(high)
    np.testing.assert_array_equal(simulate(start, shrink_factors=[2, 3, 2]), pixels(low))
    np.testing.assert_allclose(make_consistent(start, pixels(low), number_of_iterations=2), expected, atol=1e-4)
    result = make_consistent(start, low_resolution_image=pixels(low).astype(float), number_of_iterations=2)
    assert isinstance(result, np.ndarray)
    np.testing.assert_allclose(result, expected, atol=1e-4)


def test_an_array_is_placed_on_the_image_it_belongs_to():
    high = make_image(size=(16, 12, 14), spacing=(1, 2, 3), origin=(10, 20, 30), direction=OBLIQUE)
    low = simulate(high, shrink_factors=2)
    itk.array_view_from_image(low)[...] += 5
    np.testing.assert_allclose(
        pixels(make_consistent(high, pixels(low), number_of_iterations=2)),
        pixels(make_consistent(high, low, number_of_iterations=2)),
        atol=1e-3,
    )


def test_tensors_and_data_arrays_come_back_as_they_were():
    high = make_image(size=(16, 12, 14))
    low = simulate(high)
    itk.array_view_from_image(low)[...] += 5
    expected = pixels(make_consistent(high, low))
    tensor = torch.from_numpy(pixels(high))[None, None]
    assert simulate(tensor).shape == (1, 1, 7, 6, 8)
    result = make_consistent(tensor, low_resolution_image=torch.from_numpy(pixels(low)))
    assert result.shape == tensor.shape
    np.testing.assert_allclose(result[0, 0].numpy(), expected, atol=1e-3)
    labelled = make_consistent(itk.xarray_from_image(high), itk.xarray_from_image(low))
    np.testing.assert_allclose(labelled.values, expected, atol=1e-3)


# --- mistakes


def test_images_without_their_spacing_give_a_warning():
    with warnings_collected() as warnings:
        make_consistent(make_image(size=(8, 8, 8)), make_image(size=(4, 4, 4)))
    assert len(warnings) == 1
    assert "are not larger than" in warnings[0]
    with warnings_collected() as warnings:
        make_consistent(make_image(size=(8, 8, 8)), make_image(size=(4, 4, 4), spacing=(1, 1, 2)))
    assert not warnings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tolerance": -1.0}, "Tolerance is -1"),
        ({"full_width_at_half_maximum": [1.0, -2.0, 1.0]}, "finite numbers are expected"),
    ],
)
def test_impossible_settings_are_named(settings, message):
    with pytest.raises(RuntimeError, match=message):
        filter_of(make_image(), make_image(spacing=(2, 2, 2)), **settings)


def test_smaller_voxels_need_a_reference():
    with pytest.raises(RuntimeError, match="need a ReferenceImage"):
        simulate(make_image(), shrink_factors=0.5)


def test_a_voxel_that_is_not_a_number_is_named():
    low = make_image(spacing=(2, 2, 2))
    itk.array_view_from_image(low)[1, 2, 3] = np.nan
    with pytest.raises(RuntimeError, match=r"low-resolution image at index \[3, 2, 1\] is -?nan"):
        filter_of(make_image(size=(16, 18, 20)), low)


def test_documentation_comes_from_the_headers():
    consistency = itk.SliceProfileDataConsistencyImageFilter[itk.Image[itk.F, 3]]
    assert "residual" in consistency.__doc__
    assert "taken for zero" in consistency.SetTolerance.__doc__
    assert "point spread" in itk.SliceProfileSimulationImageFilter[itk.Image[itk.F, 3], itk.Image[itk.F, 3]].__doc__


# --- the figure


def test_the_figure_gets_a_column_of_residual_maps(tmp_path):
    from matplotlib.image import imread

    image = make_image(size=(20, 20, 20))
    before, after = make_image(size=(10, 10, 10)), make_image(size=(10, 10, 10))
    itk.array_view_from_image(before)[...] = 3.0
    itk.array_view_from_image(after)[...] = -3.0
    residuals = Residuals(Panel("SR", before, "RMS 3"), Panel("SR + DC", after, "RMS 3"))
    panels = [Panel("LR", image), Panel("SR", image)]
    save_comparison(tmp_path / "plain.png", panels)
    save_comparison(tmp_path / "maps.png", panels, residuals=residuals)
    plain, picture = imread(tmp_path / "plain.png"), imread(tmp_path / "maps.png")
    assert picture.shape[1] > 1.2 * plain.shape[1]
    column = picture[:, int(0.72 * picture.shape[1]) : int(0.78 * picture.shape[1]), :3]  # left of the colour bar
    redness = column[..., 0] - column[..., 2]
    upper, lower = redness[: len(redness) // 2], redness[len(redness) // 2 :]
    assert upper.max() > 0.2  # what the scan has and the result lacks
    assert upper.min() > -0.1
    assert lower.min() < -0.2
    assert lower.max() < 0.1
