"""The demo script: the image in the repository, and a user's own scan."""

import importlib.util
import re
from types import ModuleType

import itk
import numpy as np
import pytest
from conftest import ROOT, make_image, pixels
from typer.testing import CliRunner

SCRIPT = ROOT / "scripts" / "demo.py"


@pytest.fixture
def demo(monkeypatch) -> ModuleType:
    """The script as a module, so that parts of it can be replaced."""
    specification = importlib.util.spec_from_file_location("demo", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(__import__("sys").modules, "demo", module)
    specification.loader.exec_module(module)
    return module


def run(module: ModuleType, *arguments):
    import typer

    app = typer.Typer()
    app.command()(module.demo)
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def figures(text: str) -> dict[str, tuple[float, float]]:
    """PSNR and SSIM of each row of the table."""
    rows = re.findall(r"│ ([^│]+?) +│ +([\d.]+) │ ([\d.]+) │", text)
    return {name: (float(psnr), float(ssim)) for name, psnr, ssim in rows}


def test_super_resolution_beats_interpolation_on_the_image_in_the_repository(demo, tmp_path):
    result = run(demo, "--output", tmp_path)
    assert result.exit_code == 0, result.stdout + result.stderr
    table = figures(result.stdout)
    assert list(table) == [
        "linear interpolation",
        "cubic B-spline interpolation",
        "cubic B-spline + data consistency",
        "super-resolution (ArSSR)",
        "super-resolution + data consistency",
    ]
    linear, spline, consistent_spline, ours, consistent = table.values()
    assert ours[0] > spline[0] + 1.0 > linear[0] + 1.0
    assert ours[1] > spline[1] > linear[1]
    assert consistent_spline[0] > spline[0] + 1.0
    assert consistent[0] > ours[0] + 0.1
    assert consistent[1] > ours[1]
    assert "trained on BrainWeb" in result.stdout
    restored, truth = (itk.imread(str(path)) for path in (tmp_path / "brainweb_t1_crop_SR.nii.gz", demo._SCAN))
    assert tuple(itk.size(restored)) == tuple(itk.size(truth))
    np.testing.assert_allclose(itk.origin(restored), itk.origin(truth), atol=1e-5)
    assert tuple(itk.size(itk.imread(str(tmp_path / "brainweb_t1_crop_LR.nii.gz")))) == (36, 36, 32)
    before, after = re.search(r"Data consistency of SR …\s+residual (\S+) → (\S+) root mean", result.stdout).groups()
    assert float(after) < 0.1 * float(before)
    corrected = itk.imread(str(tmp_path / "brainweb_t1_crop_SR_DC.nii.gz"))
    assert np.abs(pixels(corrected) - pixels(restored)).max() > 1
    assert (tmp_path / "brainweb_t1_crop_comparison.png").stat().st_size > 100_000


def test_a_scan_without_a_truth(demo, write, tmp_path):
    scan = write("mine.mha", make_image(pixel_type=itk.SS, spacing=(1, 1, 2)))
    result = run(demo, scan, "1.5", "--output", tmp_path / "out")
    assert result.exit_code == 0, result.stdout + result.stderr
    assert figures(result.stdout) == {}
    restored = itk.imread(str(tmp_path / "out" / "mine_SR.nii.gz"))
    assert type(restored) is itk.Image[itk.SS, 3]
    np.testing.assert_array_equal(
        pixels(restored),
        pixels(itk.arbitrary_scale_super_resolution_image_filter(itk.imread(str(scan)), scale_factors=1.5)),
    )
    assert type(itk.imread(str(tmp_path / "out" / "mine_SR_DC.nii.gz"))) is itk.Image[itk.SS, 3]
    assert "residual" in result.stdout
    assert (tmp_path / "out" / "mine_comparison.png").exists()


def test_a_result_that_does_not_beat_b_splines_is_an_error(demo, write, tmp_path, monkeypatch):
    scan = write("mine.mha", make_image(size=(30, 30, 30)))
    monkeypatch.setattr(
        demo,
        "_super_resolve",
        lambda low, target: demo.resample(low, demo.grid_of(make_image(size=(30, 30, 30))), "linear"),
    )
    result = run(demo, scan, "2", "--truth", "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert "does not beat B-spline" in result.stderr
    assert "super-resolution (ArSSR)" in figures(result.stdout)


def test_a_scan_that_is_missing_is_explained(demo, tmp_path):
    result = run(demo, tmp_path / "none.nii.gz", "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert "none.nii.gz does not exist" in result.stderr


def test_the_image_in_the_repository_is_small():
    image = ROOT / "demo" / "brainweb_t1_crop.nii.gz"
    assert image.stat().st_size < 600_000
    assert itk.imread(str(image)).GetDirection()(0, 0) == -1  # turned to ITK's left-posterior-superior frame
