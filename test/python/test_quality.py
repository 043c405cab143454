"""Several passes over mirrored copies of the scan, and the map of how much they differ."""

import itertools
import re
from pathlib import Path

import itk
import numpy as np
import pytest
from conftest import OBLIQUE, assert_same_grid, files_in, make_image, pixels, words
from itk_arssr.common.errors import UserError
from itk_arssr.evaluation.calibration import calibration
from itk_arssr.images.resample import grid_of

upscale = itk.arbitrary_scale_super_resolution_image_filter

# As the filter's documentation states them.
AXES = ("", "xyz", "z", "xy", "x", "yz", "y", "xz")


def read(path: Path):
    return itk.imread(str(path))


def flipped(voxels: np.ndarray, axes: str) -> np.ndarray:
    return voxels[tuple(slice(None, None, -1) if axis in axes else slice(None) for axis in "zyx")]


def passes(voxels: np.ndarray, count: int, **settings) -> np.ndarray:
    """What plain filters give for flipped arrays, flipped back."""
    settings = {"bound_to_neighborhood": False, "intensity_window": (0, 256), **settings}
    return np.stack(
        [flipped(upscale(np.ascontiguousarray(flipped(voxels, axes)), **settings), axes) for axes in AXES[:count]]
    )


@pytest.fixture
def scan(write) -> Path:
    return write("in/scan.nii.gz", make_image(size=(8, 9, 7), spacing=(1, 2, 3), origin=(10, 20, 30)))


# --- the filter


@pytest.mark.parametrize("quality", [2, 4, 8])
def test_the_result_is_the_mean_of_what_flipped_scans_give(quality):
    voxels = pixels(make_image())
    expected = passes(voxels, quality, scale_factors=2).mean(axis=0, dtype=float).astype(np.float32)
    result = upscale(voxels, scale_factors=2, quality=quality, bound_to_neighborhood=False, intensity_window=(0, 256))
    np.testing.assert_array_equal(result, expected)


def test_quality_one_is_the_default():
    image = make_image()
    np.testing.assert_array_equal(pixels(upscale(image, quality=1)), pixels(upscale(image)))
    assert np.abs(pixels(upscale(image, quality=8)) - pixels(upscale(image))).max() > 0.01


@pytest.mark.parametrize("quality", [0, 3, 16])
def test_other_qualities_are_refused(quality):
    with pytest.raises(RuntimeError, match=f"The quality is {quality}; a number of passes, 1, 2, 4 or 8, is expected"):
        upscale(make_image(), quality=quality)


def test_the_map_is_the_standard_deviation_of_the_passes():
    image = make_image()
    sharpen = itk.ArbitraryScaleSuperResolutionImageFilter.New(
        image, quality=8, compute_uncertainty=True, intensity_window=(0, 256)
    )
    sharpen.Update()
    uncertainty = sharpen.GetUncertaintyMap()
    expected = passes(pixels(image), 8, scale_factors=2).std(axis=0, ddof=1, dtype=float)
    np.testing.assert_allclose(pixels(uncertainty), expected, atol=1e-4)
    assert expected.max() > 0.1
    grid = grid_of(sharpen.GetOutput())
    assert_same_grid(uncertainty, grid.size, grid.spacing, grid.origin, grid.direction)


def test_a_map_of_one_pass_is_refused():
    with pytest.raises(RuntimeError, match="Set Quality to 2, 4 or 8"):
        upscale(make_image(), compute_uncertainty=True)


def test_integers_and_other_volumes_have_a_quality():
    voxels = pixels(make_image()).astype(np.int16)
    result = upscale(voxels, quality=4)
    assert result.dtype == np.int16
    np.testing.assert_allclose(result, upscale(voxels.astype(np.float32), quality=4), atol=0.51)


def test_streamed_and_with_little_memory_it_has_the_same_bits():
    image = make_image(size=(8, 9, 40), direction=OBLIQUE)
    expected = pixels(upscale(image, scale_factors=1.7, quality=4))
    for divisions, budget in itertools.product((1, 5), (4096, 60)):
        sharpen = itk.ArbitraryScaleSuperResolutionImageFilter.New(
            image, scale_factors=1.7, quality=4, memory_budget=budget
        )
        streamed = itk.streaming_image_filter(sharpen, number_of_stream_divisions=divisions)
        np.testing.assert_array_equal(pixels(streamed), expected)


# --- the command line


def test_the_command_line_has_it(arssr, scan, tmp_path):
    result = arssr("upscale", scan, tmp_path / "out.nrrd", "--scale", 2, "--quality", 4)
    assert result.exit_code == 0, result.stderr
    np.testing.assert_array_equal(
        pixels(read(tmp_path / "out.nrrd")), pixels(upscale(read(scan), scale_factors=2, quality=4))
    )


@pytest.mark.parametrize("name", ["out.nii.gz", "out.mha"])
def test_the_map_is_written_with_the_result(name, arssr, scan, tmp_path):
    arguments = ("--scale", 1.5, "--quality", 2, "--uncertainty", tmp_path / "map.nii.gz")
    result = arssr("upscale", scan, tmp_path / name, *arguments)
    assert result.exit_code == 0, result.stderr
    sharpen = itk.ArbitraryScaleSuperResolutionImageFilter.New(
        read(scan), scale_factors=1.5, quality=2, compute_uncertainty=True
    )
    sharpen.Update()
    np.testing.assert_array_equal(pixels(read(tmp_path / name)), pixels(sharpen.GetOutput()))
    uncertainty = read(tmp_path / "map.nii.gz")
    assert type(uncertainty) is itk.Image[itk.F, 3]
    np.testing.assert_array_equal(pixels(uncertainty), pixels(sharpen.GetUncertaintyMap()))
    grid = grid_of(sharpen.GetOutput())
    assert_same_grid(uncertainty, grid.size, grid.spacing, grid.origin, grid.direction, tolerance=1e-5)
    assert files_in(tmp_path) == sorted(["in", name, "map.nii.gz"])


def test_it_goes_with_consistency_and_residual(arssr, scan, tmp_path):
    maps = ("--residual", tmp_path / "residual.mha", "--uncertainty", tmp_path / "map.mha")
    result = arssr("upscale", scan, tmp_path / "out.mha", "--scale", 2, "--quality", 2, "--consistency", 2, *maps)
    assert result.exit_code == 0, result.stderr
    sharpen = itk.ArbitraryScaleSuperResolutionImageFilter.New(read(scan), quality=2, compute_uncertainty=True)
    sharpen.Update()
    np.testing.assert_array_equal(pixels(read(tmp_path / "map.mha")), pixels(sharpen.GetUncertaintyMap()))
    assert tuple(itk.size(read(tmp_path / "residual.mha"))) == (8, 9, 7)
    assert re.search(r"residual \S+ → \S+ root mean square", result.stdout)


def test_a_batch_gets_a_map_for_each_image(arssr, write, tmp_path):
    write("in/a.nii.gz"), write("in/b.nrrd", make_image(seed=2))
    arguments = ("--scale", 1.5, "--quality", 2, "--uncertainty", tmp_path / "out")
    result = arssr("upscale", tmp_path / "in", tmp_path / "out", *arguments)
    assert result.exit_code == 0, result.stderr
    assert files_in(tmp_path / "out") == [
        "ArSSR_Residual_recon_1d5x_a.nii.gz",
        "ArSSR_Residual_recon_1d5x_b.nrrd",
        "ArSSR_Residual_uncertainty_1d5x_a.nii.gz",
        "ArSSR_Residual_uncertainty_1d5x_b.nrrd",
    ]
    again = arssr("upscale", tmp_path / "in", tmp_path / "out", *arguments, "--skip-existing")
    assert again.exit_code == 0, again.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--quality", "3"], 2, "'3' is not a quality; expected a number of passes, one of 1, 2, 4, 8"),
        (["--quality", "high"], 2, "'high' is not a quality"),
        (["--uncertainty", "{tmp}/map.mha"], 2, "--uncertainty needs --quality 2, 4 or 8"),
        (["--quality", "2", "--uncertainty", "{tmp}/map.png"], 1, "must end with .nii.gz, .nii, .nrrd or .mha"),
        (["--quality", "2", "--uncertainty", "{tmp}/o.mha"], 1, "cannot hold both the result and the uncertainty map"),
        (["--quality", "2", "--uncertainty", "{tmp}/in/scan.nii.gz"], 1, "an input is never overwritten"),
        (
            ["--quality", "2", "--uncertainty", "{tmp}/map.mha", "--residual", "{tmp}/map.mha"],
            1,
            "cannot hold both the residual map and the uncertainty map",
        ),
    ],
)
def test_mistakes_are_explained_in_a_line(arguments, status, message, arssr, scan, tmp_path):
    arguments = [argument.format(tmp=tmp_path) for argument in arguments]
    result = arssr("upscale", scan, tmp_path / "o.mha", "--scale", 2, *arguments)
    assert result.exit_code == status, result.stdout + result.stderr
    assert message in words(result.stderr)
    assert "Traceback" not in result.stderr + result.stdout
    assert files_in(tmp_path) == ["in"]


def test_a_map_that_does_not_fit_in_memory_is_refused(arssr, scan, tmp_path):
    arguments = ("--scale", "3000", "--quality", 2, "--uncertainty", tmp_path / "map.mha")
    result = arssr("upscale", scan, tmp_path / "o.mha", *arguments)
    assert result.exit_code == 1
    assert "leave out --uncertainty, which holds all of it at once" in words(result.stderr)


def test_help_shows_it(arssr):
    said = words(arssr("upscale", "--help").stdout)
    assert "--quality 8 --uncertainty spread.nii.gz" in said


# --- calibration


def test_the_share_of_the_squared_error_where_the_map_is_largest():
    truth = np.zeros((2, 5, 10))
    image = np.zeros_like(truth)
    image[0, 0, :5] = (4, 1, 1, 1, 1)  # squares of 20 in all, of 24 with the next one
    image[1, 4, 9] = 2
    uncertainty = np.zeros_like(truth)
    uncertainty[0, 0, :10] = 0.5  # ten voxels, five of them with errors
    result = calibration(truth, image, uncertainty)
    assert result.held == pytest.approx(20 / 24)
    assert result.at_best == pytest.approx(1)
    assert result.error == pytest.approx(np.sqrt(24 / 100))
    assert result.uncertainty == pytest.approx(np.sqrt(0.25 * 10 / 100))


def test_a_border_is_left_out():
    truth = np.zeros((7, 7, 7))
    image, uncertainty = truth.copy(), truth.copy()
    image[0] = 100
    image[3, 3, 3], uncertainty[3, 3, 3] = 1, 1
    assert calibration(truth, image, uncertainty, border=2).held == 1
    with pytest.raises(UserError, match="leaves none"):
        calibration(truth, image, uncertainty, border=4)
    with pytest.raises(UserError, match="differ in size"):
        calibration(truth, image, uncertainty[1:])


def test_a_perfect_image_has_no_share():
    truth = np.zeros((3, 3, 3))
    assert np.isnan(calibration(truth, truth, truth).held)


def test_compare_tells_it(arssr, write):
    truth = make_image(size=(16, 16, 16))
    write("truth.mha", truth)
    image = write("image.mha", itk.image_from_array(pixels(truth) + np.eye(16, dtype=np.float32)))
    spread = write("map.mha", itk.image_from_array(np.broadcast_to(np.eye(16, dtype=np.float32), (16, 16, 16)).copy()))
    result = arssr("compare", image.with_name("truth.mha"), image, "--uncertainty", spread)
    assert result.exit_code == 0, result.stderr
    said = words(result.stdout)
    assert (
        "Uncertainty of image.mha: the tenth of the voxels where it is largest holds 100% of the squared error" in said
    )
    small = write("small.mha")
    refused = arssr("compare", image.with_name("truth.mha"), image, "--uncertainty", small)
    assert refused.exit_code == 1
    assert "small.mha is not on the grid of" in words(refused.stderr)
