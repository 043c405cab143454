"""``arssr upscale`` with --consistency and --residual."""

import re
from pathlib import Path

import itk
import numpy as np
import pytest
from conftest import OBLIQUE, assert_same_grid, make_image, pixels
from itk_arssr.images.resample import grid_of
from test_cli import files_in, words

upscale = itk.arbitrary_scale_super_resolution_image_filter
make_consistent = itk.slice_profile_data_consistency_image_filter


@pytest.fixture
def scan(write) -> Path:
    return write("in/scan.nii.gz", make_image(size=(8, 9, 7), spacing=(1, 2, 3), origin=(10, 20, 30)))


def read(path: Path):
    return itk.imread(str(path))


def residual_of(image, scan, iterations=0):
    consistency = itk.SliceProfileDataConsistencyImageFilter[type(image)].New(
        image, scan, number_of_iterations=iterations
    )
    consistency.Update()
    return consistency.GetResidualMap()


def test_consistency_corrects_the_result(arssr, scan, tmp_path):
    result = arssr("upscale", scan, tmp_path / "out.nrrd", "--scale", 2, "--consistency", 3)
    assert result.exit_code == 0, result.stderr
    image = read(scan)
    expected = make_consistent(upscale(image, scale_factors=2), image, number_of_iterations=3)
    np.testing.assert_array_equal(pixels(read(tmp_path / "out.nrrd")), pixels(expected))
    said = re.search(r"residual (\S+) → (\S+) root mean square, (\S+) at most", result.stdout)
    before, after, largest = (float(number) for number in said.groups())
    assert after < 0.5 * before
    assert after < largest
    assert files_in(tmp_path) == ["in", "out.nrrd"]


def test_a_tolerance_leaves_small_residuals_alone(arssr, scan, tmp_path):
    image = read(scan)
    plain = upscale(image, scale_factors=2)
    tolerance = float(np.median(np.abs(pixels(residual_of(plain, image)))))
    arguments = ("--scale", 2, "--consistency", 3, "--tolerance", tolerance)
    result = arssr("upscale", scan, tmp_path / "out.nrrd", *arguments)
    assert result.exit_code == 0, result.stderr
    expected = make_consistent(plain, image, number_of_iterations=3, tolerance=tolerance)
    np.testing.assert_array_equal(pixels(read(tmp_path / "out.nrrd")), pixels(expected))
    assert np.abs(pixels(expected) - pixels(make_consistent(plain, image, number_of_iterations=3))).max() > 0.01


def test_the_residual_of_the_plain_result_leaves_it_alone(arssr, scan, tmp_path):
    result = arssr("upscale", scan, tmp_path / "out.nrrd", "--scale", 2, "--residual", tmp_path / "map.nrrd")
    assert result.exit_code == 0, result.stderr
    image, written = read(scan), read(tmp_path / "out.nrrd")
    np.testing.assert_array_equal(pixels(written), pixels(upscale(image, scale_factors=2)))
    residual = read(tmp_path / "map.nrrd")
    np.testing.assert_array_equal(pixels(residual), pixels(residual_of(written, image)))
    assert np.abs(pixels(residual)).max() > 0.1
    assert re.search(r"residual \S+ root mean square", result.stdout)
    assert "→" not in result.stdout


def test_the_residual_map_lies_on_the_grid_of_the_scan(arssr, write, tmp_path):
    image = make_image(size=(8, 9, 7), pixel_type=itk.UC, spacing=(1, 2, 3), origin=(10, 20, 30), direction=OBLIQUE)
    arguments = ("--scale", 1.5, "--consistency", 2, "--residual", tmp_path / "map.mha")
    assert arssr("upscale", write("scan.mha", image), tmp_path / "out.mha", *arguments).exit_code == 0
    residual = read(tmp_path / "map.mha")
    assert type(residual) is itk.Image[itk.F, 3]
    grid = grid_of(image)
    assert_same_grid(residual, grid.size, grid.spacing, grid.origin, grid.direction, tolerance=1e-5)
    assert type(read(tmp_path / "out.mha")) is itk.Image[itk.UC, 3]


def test_voxels_of_a_larger_grid_do_not_disturb_the_residual(arssr, scan, write, tmp_path):
    image = read(scan)
    reference = make_image(size=(40, 44, 44), spacing=(0.5, 1, 1.5), origin=(4, 8, 12))
    arguments = ("--like", write("reference.mha", reference), "--consistency", 8, "--residual", tmp_path / "map.mha")
    result = arssr("upscale", scan, tmp_path / "out.mha", *arguments)
    assert result.exit_code == 0, result.stderr
    assert tuple(itk.size(read(tmp_path / "out.mha"))) == (40, 44, 44)
    assert np.abs(pixels(read(tmp_path / "map.mha"))).max() < 0.1 * np.ptp(pixels(image))


# --- auto: until the residual is noise


@pytest.fixture
def noisy(write) -> Path:
    """A scan of a ramp with texture, 24 × 24 × 24, with Gaussian noise of 3."""
    draws = np.random.default_rng(5)
    voxels = 200 + 4 * np.arange(24) + 8 * np.sin(np.arange(24 * 24).reshape(24, 24, 1)) + draws.normal(0, 3, (24,) * 3)
    return write("in/noisy.mha", itk.image_from_array(voxels.astype(np.float32)))


def auto_filter(image, scan, **settings):
    consistency = itk.SliceProfileDataConsistencyImageFilter[type(image)].New(
        image, scan, stop_at_noise=True, **settings
    )
    consistency.Update()
    return consistency


def test_auto_ends_where_the_residual_is_noise(arssr, noisy, tmp_path):
    image = read(noisy)
    plain = upscale(image, scale_factors=2)
    noise = float(np.sqrt(np.mean(pixels(residual_of(plain, image)) ** 2))) / 2  # given larger than it is
    arguments = ("--scale", 2, "--consistency", "auto", "--noise", f"{noise!r}:gaussian")
    result = arssr("upscale", noisy, tmp_path / "out.mha", *arguments)
    assert result.exit_code == 0, result.stderr
    expected = auto_filter(plain, image, acquisition=f"noise={noise!r}:gaussian")
    assert expected.GetNumberOfElapsedIterations() > 0
    assert expected.GetIsNoiseReached()
    np.testing.assert_array_equal(pixels(read(tmp_path / "out.mha")), pixels(expected.GetOutput()))
    said = re.search(
        r"consistency: noise (\S+) gaussian \(given\): (\d+) iterations?, the last one to (\d+)%, "
        r"residual (\S+) → (\S+) where there is a signal",
        words(result.stdout),
    )
    told, iterations, share, before, after = (float(number) for number in said.groups())
    assert told == pytest.approx(noise, rel=1e-3)
    assert iterations == expected.GetNumberOfElapsedIterations()
    assert share / 100 == pytest.approx(expected.GetLastStep(), abs=0.006)
    assert before == pytest.approx(2 * noise, rel=0.01)
    assert after == pytest.approx(1.1 * noise, rel=0.01)
    assert "point spreads right" not in words(result.stdout)


def test_auto_leaves_a_result_that_agrees_to_the_noise_alone(arssr, noisy, tmp_path):
    arguments = ("--scale", 2, "--consistency", "auto", "--noise", 500)
    result = arssr("upscale", noisy, tmp_path / "out.mha", *arguments)
    assert result.exit_code == 0, result.stderr
    np.testing.assert_array_equal(pixels(read(tmp_path / "out.mha")), pixels(upscale(read(noisy), scale_factors=2)))
    assert re.search(r"\(given\): 0 iterations, residual \S+ where there is a signal", words(result.stdout))


def test_auto_takes_the_noise_from_the_scan(arssr, noisy, tmp_path):
    result = arssr("upscale", noisy, tmp_path / "out.mha", "--scale", 2, "--consistency", "auto")
    assert result.exit_code == 0, result.stderr
    noise = itk.ArSSRNoiseEstimator[itk.Image[itk.F, 3]].New(read(noisy))
    noise.Compute()
    assert f"consistency: noise {noise.GetNoise():.4g} rician (estimated from the image): " in words(result.stdout)


def test_auto_is_all_iterations_without_noise(arssr, noisy, tmp_path):
    result = arssr("upscale", noisy, tmp_path / "out.mha", "--scale", 2, "--consistency", "auto", "--noise", 0)
    assert result.exit_code == 0, result.stderr
    image = read(noisy)
    expected = make_consistent(upscale(image, scale_factors=2), image, number_of_iterations=10)
    np.testing.assert_array_equal(pixels(read(tmp_path / "out.mha")), pixels(expected))
    assert "consistency: noise none (given): 10 iterations" in words(result.stdout)


def test_auto_says_when_the_residual_stays_above_the_noise(arssr, noisy, tmp_path):
    arguments = ("--scale", 2, "--consistency", "auto", "--noise", "0.001:gaussian")
    result = arssr("upscale", noisy, tmp_path / "out.mha", *arguments)
    assert result.exit_code == 0, result.stderr
    assert "still above the noise: are the point spreads right?" in words(result.stdout)


def test_the_function_stops_at_the_noise():
    image, scan = make_image(size=(12, 12, 12)), make_image(size=(6, 6, 6), spacing=(2, 2, 2), origin=(0.5,) * 3)
    settings = {"acquisition": "noise=5:gaussian", "number_of_iterations": 20}
    stopped = make_consistent(image, scan, stop_at_noise=True, **settings)
    expected = auto_filter(image, scan, **settings)
    assert 0 < expected.GetNumberOfElapsedIterations() < 20
    assert expected.GetResidualRootMeanSquare() == pytest.approx(1.1 * 5, rel=1e-4)
    np.testing.assert_array_equal(pixels(stopped), pixels(expected.GetOutput()))


# --- directories


def test_a_directory_gets_a_residual_map_for_each_image(arssr, write, tmp_path):
    write("in/a.nii.gz"), write("in/b.nrrd", make_image(seed=2))
    (tmp_path / "in" / "broken.mha").write_text("no image")
    arguments = ("--scale", 1.5, "--consistency", 2, "--residual", tmp_path / "maps")
    result = arssr("upscale", tmp_path / "in", tmp_path / "out", *arguments)
    assert result.exit_code == 1
    assert "1 of 3 failed" in result.stderr
    assert files_in(tmp_path / "out") == ["ArSSR_Residual_recon_1d5x_a.nii.gz", "ArSSR_Residual_recon_1d5x_b.nrrd"]
    assert files_in(tmp_path / "maps") == [
        "ArSSR_Residual_residual_1d5x_a.nii.gz",
        "ArSSR_Residual_residual_1d5x_b.nrrd",
    ]
    assert words(result.stdout).count("root mean square") == 2


def test_results_and_residual_maps_may_share_a_directory(arssr, scan, tmp_path):
    result = arssr("upscale", scan, tmp_path / "out", "--scale", 2, "--residual", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert files_in(tmp_path / "out") == [
        "ArSSR_Residual_recon_2d0x_scan.nii.gz",
        "ArSSR_Residual_residual_2d0x_scan.nii.gz",
    ]


# --- what must not be lost


def test_a_residual_map_never_replaces_the_input(arssr, scan, tmp_path):
    before = scan.read_bytes()
    result = arssr("upscale", scan, tmp_path / "out.mha", "--scale", 2, "--residual", scan, "--overwrite")
    assert result.exit_code == 1
    assert "an input is never overwritten" in result.stderr
    assert scan.read_bytes() == before
    assert files_in(tmp_path) == ["in"]


def test_a_residual_map_that_exists_is_replaced_only_on_request(arssr, scan, tmp_path):
    (tmp_path / "map.mha").write_text("precious")
    arguments = ("upscale", scan, tmp_path / "out.mha", "--scale", 2, "--residual", tmp_path / "map.mha")
    result = arssr(*arguments)
    assert result.exit_code == 1
    assert "--overwrite" in result.stderr
    assert (tmp_path / "map.mha").read_text() == "precious"
    assert not (tmp_path / "out.mha").exists()
    assert arssr(*arguments, "--overwrite").exit_code == 0
    assert tuple(itk.size(read(tmp_path / "map.mha"))) == (8, 9, 7)


def test_a_failure_leaves_neither_file(arssr, scan, tmp_path, monkeypatch):
    from itk_arssr.upscaling import upscaler

    def failing(*_arguments):
        raise RuntimeError("no room")

    monkeypatch.setattr(upscaler, "make_consistent", failing)
    result = arssr("upscale", scan, tmp_path / "o.mha", "--scale", 2, "--residual", tmp_path / "maps" / "m.mha")
    assert result.exit_code == 1
    assert "no room" in result.stderr
    assert files_in(tmp_path) == ["in"]


def test_both_files_appear_or_none(arssr, scan, tmp_path):
    (tmp_path / "file").write_text("no folder")
    result = arssr("upscale", scan, tmp_path / "o.mha", "--scale", 2, "--residual", tmp_path / "file" / "m.mha")
    assert result.exit_code == 1
    assert "is not a folder" in result.stderr
    assert not (tmp_path / "o.mha").exists()


# --- the user's mistakes


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--consistency", "-1"], 2, "'-1' is not a number of back-projections"),
        (["--consistency", "many"], 2, "'many' is neither a number of back-projections nor auto"),
        (["--tolerance", "3"], 2, "no meaning without --consistency"),
        (["--consistency", "3", "--tolerance", "-3"], 2, "'--tolerance': Input should be greater than or equal to 0"),
        (["--residual", "{tmp}/map.png"], 1, "must end with .nii.gz, .nii, .nrrd or .mha"),
        (["--residual", "{tmp}/o.mha"], 1, "cannot hold both the result and the residual map"),
        (["--residual", "{tmp}/in/../o.mha"], 1, "cannot hold both the result and the residual map"),
    ],
)
def test_mistakes_are_explained_in_a_line(arguments, status, message, arssr, scan, tmp_path):
    arguments = [argument.format(tmp=tmp_path) for argument in arguments]
    result = arssr("upscale", scan, tmp_path / "o.mha", "--scale", 2, *arguments)
    assert result.exit_code == status, result.stdout + result.stderr
    assert message in words(result.stderr)
    assert "Traceback" not in result.stderr + result.stdout
    assert not (tmp_path / "o.mha").exists()


def test_a_directory_of_residual_maps_must_not_be_a_file(arssr, write, tmp_path):
    write("in/a.mha"), write("in/b.mha")
    arguments = ("upscale", tmp_path / "in", tmp_path / "out", "--scale", 2, "--residual")
    assert "need a directory" in arssr(*arguments, tmp_path / "map.mha").stderr
    (tmp_path / "there").write_text("a file")
    assert "is a file" in arssr(*arguments, tmp_path / "there").stderr
    assert not (tmp_path / "out").exists()


def test_a_result_that_does_not_fit_in_memory_is_refused(arssr, scan, tmp_path):
    result = arssr("upscale", scan, tmp_path / "o.mha", "--scale", "3000", "--consistency", 1)
    assert result.exit_code == 1
    assert "leave out --consistency" in words(result.stderr)


def test_help_shows_both(arssr):
    said = words(arssr("upscale", "--help").stdout)
    assert "--consistency 10 --residual residual.nii.gz" in said
    assert "residual map" in said
