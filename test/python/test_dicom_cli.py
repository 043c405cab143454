"""DICOM through every command: one way in for all of them."""

import signal
import sys
import tempfile

import itk
import numpy as np
import pytest
import yaml
from conftest import kept_field_of_view, pixels
from dicom import enhanced_elements, seen, slice_elements, stack, write_file, write_slices
from training_helpers import write_recipe

STACK = stack(8)
GAP = [place for k, place in enumerate(stack(9)) if k != 4]
LOCALIZER = {0x00080008: ("CS", "ORIGINAL\\PRIMARY\\LOCALIZER")}
ACROSS = stack(3, step=(3, 0, 0), rows=(0, 1, 0), columns=(0, 0, -1))
upscale = itk.arbitrary_scale_super_resolution_image_filter


def words(text: str) -> str:
    return " ".join(text.split())


def names(folder) -> list[str]:
    """Names of everything in a folder, without their common prefix."""
    return sorted(path.name.removeprefix("ArSSR_Residual_recon_2d0x_") for path in folder.iterdir())


def as_image(places, size=(20, 18), dtype=np.uint16, gain=1.0):
    """The image that the slices show, made without DICOM; the positions are in the order of their normal."""
    image = itk.image_from_array(np.round([gain * seen(place, size) for place in places]).astype(dtype))
    first, second = (np.array(place[0]) for place in places[:2])
    spacing = float(np.linalg.norm(second - first))
    image.SetSpacing((1, 1, spacing))
    image.SetOrigin([float(value) for value in first])
    direction = np.column_stack([places[0][1], places[0][2], (second - first) / spacing])
    image.SetDirection(itk.matrix_from_array(direction))
    return image


# --- upscale


def test_a_series_gives_the_same_result_as_its_image(arssr, tmp_path):
    write_slices(tmp_path / "scan", STACK)
    result = arssr("upscale", tmp_path / "scan", tmp_path / "out.nrrd", "--scale", "1,1,2")
    assert result.exit_code == 0, result.stderr
    written, image = itk.imread(str(tmp_path / "out.nrrd")), as_image(STACK)
    assert type(written) is type(image)
    size, spacing, origin, _ = kept_field_of_view(image, (1, 1, 2))
    assert tuple(itk.size(written)) == tuple(size)
    np.testing.assert_allclose(tuple(itk.spacing(written)), spacing, atol=1e-9)
    np.testing.assert_allclose(tuple(itk.origin(written)), origin, atol=1e-9)
    np.testing.assert_array_equal(pixels(written), pixels(upscale(image, scale_factors=[1, 1, 2])))


def test_an_enhanced_file_is_a_volume(arssr, tmp_path):
    write_file(tmp_path / "IM0001", enhanced_elements([STACK[k] for k in (3, 1, 4, 0, 7, 6, 5, 2)]))
    result = arssr("upscale", tmp_path / "IM0001", tmp_path / "out.nrrd", "--scale", "1,1,2")
    assert result.exit_code == 0, result.stderr
    expected = upscale(as_image(STACK), scale_factors=[1, 1, 2])
    np.testing.assert_array_equal(pixels(itk.imread(str(tmp_path / "out.nrrd"))), pixels(expected))


def test_the_volumes_of_a_place_go_to_a_directory(arssr, tmp_path):
    study = tmp_path / "study"
    write_slices(study, STACK, series=1)
    write_slices(study / "two", stack(16), series=2, gain=lambda k: 0.5)
    for k, place in enumerate([*STACK, *STACK]):
        pixels_of_slice = np.round(seen(place) * (1 if k < 8 else 0.7)).astype(np.uint16)
        write_file(study / f"t{k:02d}", slice_elements(place, pixels_of_slice, number=k + 1, series=3))
    result = arssr("upscale", study, tmp_path / "out", "--scale", 2)
    assert result.exit_code == 0, result.stdout + result.stderr
    assert names(tmp_path / "out") == [
        "study_protocol1_20200102101112_1.nii.gz",
        "study_protocol3_20200102101112_3_t1.nii.gz",
        "study_protocol3_20200102101112_3_t2.nii.gz",
        "two.nii.gz",
    ]
    for name, places, gain in (("study_protocol3_20200102101112_3_t2", STACK, 0.7), ("two", stack(16), 0.5)):
        written = itk.imread(str(tmp_path / "out" / f"ArSSR_Residual_recon_2d0x_{name}.nii.gz"))
        np.testing.assert_array_equal(pixels(written), pixels(upscale(as_image(places, gain=gain), scale_factors=2)))


def test_a_localizer_does_not_make_a_run_fail(arssr, tmp_path):
    write_slices(tmp_path / "study" / "1", [*stack(3, step=(0, 0, 20)), *ACROSS], changes=lambda k: LOCALIZER)
    write_slices(tmp_path / "study" / "2", STACK, series=2)
    result = arssr("upscale", tmp_path / "study", tmp_path / "out.nii.gz", "--scale", 2)
    assert result.exit_code == 0, result.stderr
    assert "note: left out as a localizer: series 1 'description1'; --series includes it" in words(result.stdout)
    assert itk.size(itk.imread(str(tmp_path / "out.nii.gz")))[2] == 16


def test_a_useless_series_does_not_make_a_run_fail_if_its_study_has_others(arssr, tmp_path):
    write_slices(tmp_path / "study" / "bad", GAP)
    write_slices(tmp_path / "study" / "good", STACK, series=2)
    result = arssr("upscale", tmp_path / "study", tmp_path / "out", "--scale", 2)
    assert result.exit_code == 0, result.stderr
    assert names(tmp_path / "out") == ["good.nii.gz"]
    assert "a slice is missing between slices 4 and 5" in words(result.stdout)
    write_slices(tmp_path / "study" / "other", GAP, study="1.9")
    result = arssr("upscale", tmp_path / "study", tmp_path / "out2", "--scale", 2)
    assert result.exit_code == 1
    assert names(tmp_path / "out2") == ["good.nii.gz"]
    assert "1 of 2 failed" in result.stderr
    assert "a slice is missing" in result.stderr


def test_several_volumes_do_not_go_to_one_file(arssr, tmp_path):
    write_slices(tmp_path / "study" / "a", STACK)
    write_slices(tmp_path / "study" / "b", STACK, series=2)
    result = arssr("upscale", tmp_path / "study", tmp_path / "out.nii.gz", "--scale", 2)
    assert result.exit_code == 1
    said = words(result.stderr)
    assert "holds 2 volumes; choose one with --series, or name a directory for the results of all" in said
    assert "a_protocol1_20200102101112_1 (series 1 'description1', 20×18×8 voxels)" in said
    assert "b_protocol2_20200102101112_2 (series 2 'description2', 20×18×8 voxels)" in said
    assert arssr("upscale", tmp_path / "study", tmp_path / "out.nii.gz", "--scale", 2, "--series", 2).exit_code == 0
    assert names(tmp_path) == ["out.nii.gz", "study"]


def test_image_files_and_series_are_done_together(arssr, write, tmp_path):
    write("place/a.nii.gz"), write("place/below/b.nii.gz")
    write_slices(tmp_path / "place" / "scan", STACK)
    result = arssr("upscale", tmp_path / "place", tmp_path / "out", "--scale", 2)
    assert result.exit_code == 0, result.stdout + result.stderr
    assert names(tmp_path / "out") == ["a.nii.gz", "scan.nii.gz"]
    assert "b.nii.gz; name their folders" in words(result.stdout)
    result = arssr("upscale", tmp_path / "place", tmp_path / "out2", "--scale", 2, "--series", "1")
    assert names(tmp_path / "out2") == ["scan.nii.gz"]


def test_warnings_of_dcm2niix_become_notes(arssr, tmp_path):
    write_slices(tmp_path / "scan", STACK, changes=lambda k: {0x00185100: ("CS", "")})
    result = arssr("upscale", tmp_path / "scan", tmp_path / "out.nii.gz", "--scale", 2)
    assert words(result.stdout).count("note: dcm2niix: Patient Position (0018,5100) not specified") == 1


def test_nothing_is_overwritten(arssr, tmp_path):
    write_slices(tmp_path / "scan", STACK)
    (tmp_path / "out.nii.gz").symlink_to(tmp_path / "scan" / "0003.dcm")
    result = arssr("upscale", tmp_path / "scan", tmp_path / "out.nii.gz", "--scale", 2, "--overwrite")
    assert "an input is never overwritten" in result.stderr
    (tmp_path / "there.nii.gz").write_text("precious")
    result = arssr("upscale", tmp_path / "scan", tmp_path / "there.nii.gz", "--scale", 2)
    assert "--overwrite" in result.stderr
    assert (tmp_path / "there.nii.gz").read_text(encoding="utf-8") == "precious"


def test_results_are_not_written_as_dicom(arssr, tmp_path):
    write_slices(tmp_path / "scan", STACK)
    for name in ("out.dcm", "OUT.DCM", "out.dicom"):
        result = arssr("upscale", tmp_path / "scan", tmp_path / name, "--scale", 2)
        assert result.exit_code == 1
        assert "results are not written as DICOM. Give a name that ends with .nii.gz" in words(result.stderr)
    assert names(tmp_path) == ["scan"]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["{scan}", "{out}", "--series", "7"], 1, "holds no series, description, protocol or volume '7'"),
        (["{image}", "{out}", "--series", "7"], 1, "--series selects DICOM series"),
        (["{scan}/0001.dcm", "{out}"], 1, "give their folder"),
        (["{gap}", "{out}"], 1, "a slice is missing between slices 4 and 5"),
        (["{gap}", "{out}", "--series", "1"], 1, "a slice is missing between slices 4 and 5"),
        (["{scan}", "{out}", "--like-series", "7"], 2, "--like-series has no meaning without --like"),
    ],
)
def test_mistakes_are_explained(arguments, status, message, arssr, write, tmp_path):
    write_slices(tmp_path / "scan", STACK)
    write_slices(tmp_path / "gap", GAP)
    places = {"scan": tmp_path / "scan", "gap": tmp_path / "gap", "out": tmp_path / "out.mha", "image": write("a.mha")}
    result = arssr("upscale", *(text.format(**places) for text in arguments), "--scale", 2)
    assert result.exit_code == status
    assert message in words(result.stderr)
    assert not (tmp_path / "out.mha").exists()


_SLOW = """import os, subprocess, sys, time
print("converting", file=open({marker!r}, "w"))
time.sleep(600)
"""


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_conversion_that_is_interrupted_leaves_nothing(signal_number, interrupt, tmp_path, monkeypatch):
    """The program replaces one that takes long."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "dcm2niix"
    program.write_text(f"#!{sys.executable}\n" + _SLOW.format(marker=str(tmp_path / "marker")))
    program.chmod(0o755)
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "dcm2niix.py").write_text(f"bin = {str(program)!r}\n")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'modules'}:{':'.join(path for path in sys.path if path)}")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    write_slices(tmp_path / "scans" / "b", STACK, study="1.2")
    itk.imwrite(as_image(STACK), str(tmp_path / "scans" / "a.nii.gz"))
    command = ["upscale", tmp_path / "scans", tmp_path / "out", "--scale", 2]
    converting = (tmp_path / "marker").exists
    interrupt(*command, when=lambda line: "a.nii.gz" in line, ready=converting, signal_number=signal_number)
    assert list((tmp_path / "temporary").iterdir()) == []
    assert names(tmp_path / "out") == ["a.nii.gz"]


# --- the other commands


def test_like_takes_a_series(arssr, write, tmp_path):
    scan = write("scan.mha", as_image(STACK))
    finer = stack(12, step=(0, 0, 2))
    write_slices(tmp_path / "like" / "1", finer)
    write_slices(tmp_path / "like" / "2", STACK, series=2)
    result = arssr("upscale", scan, tmp_path / "out.mha", "--like", tmp_path / "like")
    assert result.exit_code == 1
    assert "holds 2 volumes; choose one with --like-series" in words(result.stderr)
    result = arssr("upscale", scan, tmp_path / "out.mha", "--like", tmp_path / "like", "--like-series", 1)
    assert result.exit_code == 0, result.stderr
    written = itk.imread(str(tmp_path / "out.mha"))
    assert tuple(itk.size(written)) == (20, 18, 12)
    assert itk.spacing(written)[2] == pytest.approx(2)
    result = arssr("upscale", tmp_path / "like", tmp_path / "x.mha", "--like", scan, "--series", 1)
    assert result.exit_code == 0, result.stderr


def test_compare_takes_series(arssr, write, tmp_path):
    places = stack(14)
    write_slices(tmp_path / "truth" / "1", places)
    write_slices(tmp_path / "truth" / "2", GAP, series=2)
    same, other = write("same.mha", as_image(places)), write("other.mha", as_image(places, gain=0.9))
    result = arssr("compare", tmp_path / "truth", same, other, "--series", 1)
    assert result.exit_code == 0, result.stderr
    assert "same.mha inf 1.0000" in words(result.stdout.replace("│", " "))
    result = arssr("compare", same, tmp_path / "truth", "--series", 1)
    assert "truth inf 1.0000" in words(result.stdout.replace("│", " "))
    result = arssr("compare", same, tmp_path / "truth", "--series", 2)
    assert result.exit_code == 1
    assert "a slice is missing" in words(result.stderr)
    assert "--series selects DICOM series" in arssr("compare", same, other, "--series", 2).stderr


def test_evaluate_takes_series(arssr, tmp_path):
    places = stack(32, step=(0, 0, 1))
    write_slices(tmp_path / "scans" / "one", places, size=(32, 30))
    write_slices(tmp_path / "scans" / "two", places, series=2, size=(32, 30), gain=lambda k: 0.5)
    write_slices(tmp_path / "scans" / "bad", GAP, study="1.9")
    arguments = ["--scales", 2, "--border", 2, "--iterations", 0, "--out"]
    result = arssr("evaluate", tmp_path / "scans", *arguments, tmp_path / "all")
    assert result.exit_code == 1
    assert "a slice is missing" in words(result.stderr)
    table = (tmp_path / "all" / "results.csv").read_text(encoding="utf-8")
    assert {line.split(",")[0] for line in table.splitlines()[1:]} == {"one", "two"}
    result = arssr("evaluate", tmp_path / "scans", *arguments, tmp_path / "two", "--series", "description2")
    assert result.exit_code == 0, result.stderr
    table = (tmp_path / "two" / "results.csv").read_text(encoding="utf-8")
    assert {line.split(",")[0] for line in table.splitlines()[1:]} == {"two"}


def test_training_takes_series_and_removes_their_volumes(arssr, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path)
    places = stack(24, step=(0, 0, 1))
    write_slices(tmp_path / "data" / "a", places, size=(24, 26))
    write_slices(tmp_path / "data" / "b", places, size=(24, 26), study="1.9")
    write_slices(tmp_path / "data" / "b2", places, size=(24, 26), study="1.9", series=7)
    write_slices(tmp_path / "data" / "scout", stack(3), changes=lambda k: LOCALIZER)
    command = ["train", tmp_path / "data", "--config", write_recipe(tmp_path, epochs=1), "--no-tensorboard"]
    result = arssr(*command, "--run", "all")
    assert result.exit_code == 0, result.stdout + result.stderr
    assert "left out as a localizer" in words(result.stdout)
    assert list((tmp_path / "temporary").iterdir()) == []
    images = yaml.safe_load((tmp_path / "all" / "recipe.yaml").read_text(encoding="utf-8"))["record"]["training_images"]
    assert [image.removeprefix(f"{tmp_path}/data/").split(":")[0] for image in images] == ["a", "b", "b2"]
    assert "24×26×24 voxels of 1×1×1 mm" in images[0]
    result = arssr(*command, "--run", "one", "--series", "description7")
    assert result.exit_code == 0, result.stdout + result.stderr
    recorded = yaml.safe_load((tmp_path / "one" / "recipe.yaml").read_text(encoding="utf-8"))
    assert len(recorded["record"]["training_images"]) == 1
    result = arssr("train", "--resume", "one")  # with the series that it had
    assert "b2" in str(recorded) and "description7" in str(recorded)
    assert "Traceback" not in result.stdout + result.stderr


def test_training_refuses_bad_and_missing_series(arssr, tmp_path):
    write_slices(tmp_path / "data" / "a", stack(24, step=(0, 0, 1)), size=(24, 26))
    write_slices(tmp_path / "data" / "b", GAP, study="1.9")
    command = ["train", tmp_path / "data", "--config", write_recipe(tmp_path, epochs=1), "--run-dir", tmp_path / "run"]
    assert "a slice is missing" in words(arssr(*command).stderr)
    assert "holds no series" in words(arssr(*command, "--series", "flair").stderr)
    itk.imwrite(as_image(STACK), str(tmp_path / "a.nii.gz"))
    result = arssr("train", tmp_path / "a.nii.gz", *command[2:], "--series", "flair")
    assert "there are no DICOM series to select" in words(result.stderr)
    assert not (tmp_path / "run").exists()
