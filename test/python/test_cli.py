"""The command line: its commands, the mistakes it explains, and what it leaves on disk."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import itk
import numpy as np
import pytest
from conftest import OBLIQUE, assert_same_grid, files_in, kept_field_of_view, make_image, pixels, words
from dicom import write_series

upscale = itk.arbitrary_scale_super_resolution_image_filter


@pytest.fixture
def scan(write) -> Path:
    return write(
        "in/scan.nii.gz", make_image(size=(8, 9, 7), pixel_type=itk.UC, spacing=(1, 2, 3), origin=(10, 20, 30))
    )


# --- upscale: grids


def test_a_scale_keeps_field_of_view_and_pixel_type(arssr, scan, tmp_path):
    target = tmp_path / "out.nii.gz"
    result = arssr("upscale", scan, target, "--scale", 2.5)
    assert result.exit_code == 0, result.stderr
    assert "20×23×18 voxels" in result.stdout
    written, source = itk.imread(str(target)), itk.imread(str(scan))
    assert type(written) is type(source)
    assert_same_grid(written, *kept_field_of_view(source, (2.5, 2.5, 2.5)), tolerance=1e-5)
    np.testing.assert_array_equal(pixels(written), pixels(upscale(source, scale_factors=2.5)))


def test_a_scale_for_each_axis_is_in_the_order_x_y_z(arssr, scan, tmp_path):
    assert arssr("upscale", scan, tmp_path / "out.mha", "--scale", "2,1,1.5").exit_code == 0
    assert tuple(itk.size(itk.imread(str(tmp_path / "out.mha")))) == (16, 9, 11)


def test_a_spacing_gives_the_voxel_size(arssr, scan, tmp_path):
    assert arssr("upscale", scan, tmp_path / "out.mha", "--spacing", "0.5,1,3").exit_code == 0
    assert tuple(itk.spacing(itk.imread(str(tmp_path / "out.mha")))) == (0.5, 1, 3)


def test_like_gives_the_grid_of_another_image(arssr, scan, write, tmp_path):
    reference = make_image(
        size=(6, 7, 8), pixel_type=itk.SS, spacing=(0.7, 0.8, 0.9), origin=(11, 22, 33), direction=OBLIQUE
    )
    target = tmp_path / "out.mha"
    result = arssr("upscale", scan, target, "--like", write("reference.mha", reference))
    assert result.exit_code == 0, result.stderr
    written = itk.imread(str(target))
    assert_same_grid(written, (6, 7, 8), (0.7, 0.8, 0.9), (11, 22, 33), OBLIQUE)
    assert type(written) is itk.Image[itk.UC, 3]  # the voxels are the input's kind, not the reference's


def test_intensities_can_be_given_or_left_alone(arssr, write, tmp_path):
    source = write("f.nii.gz", make_image())
    image = itk.imread(str(source))
    arssr("upscale", source, tmp_path / "window.mha", "--scale", 2, "--window", "-10,400")
    arssr("upscale", source, tmp_path / "raw.mha", "--scale", 2, "--no-intensity-scaling")
    window, raw = (pixels(itk.imread(str(tmp_path / name))) for name in ("window.mha", "raw.mha"))
    np.testing.assert_array_equal(window, pixels(upscale(image, scale_factors=2, intensity_window=(-10, 400))))
    np.testing.assert_array_equal(raw, pixels(upscale(image, scale_factors=2, intensity_scaling=False)))


def test_other_pixel_types_become_float_with_a_note(arssr, tmp_path):
    import SimpleITK

    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(pixels(make_image()).astype(np.int32)), tmp_path / "in.nrrd")
    result = arssr("upscale", tmp_path / "in.nrrd", tmp_path / "out.nrrd", "--scale", 2)
    assert "note: pixel type int read as float" in result.stdout
    assert type(itk.imread(str(tmp_path / "out.nrrd"))) is itk.Image[itk.F, 3]


def test_warnings_of_the_filter_become_notes(arssr, scan, tmp_path, capfd):
    result = arssr("upscale", scan, tmp_path / "out.mha", "--scale", 0.5)
    assert result.exit_code == 0
    assert re.search(r"note: [^:]*scale.*low-pass", words(result.stdout))
    assert "WARNING" not in capfd.readouterr().err


def test_a_window_that_begins_at_the_minimum_is_noted(arssr, write, tmp_path):
    image = make_image(pixel_type=itk.US)
    itk.array_view_from_image(image)[...] += 32_768
    result = arssr("upscale", write("offset.nrrd", image), tmp_path / "out.nrrd", "--scale", 2)
    assert result.exit_code == 0, result.stderr
    lowest = pixels(image).min()
    assert re.search(rf"note: .*far from 0.*minimum.*\[{lowest}, 3\d+\]", words(result.stdout))


def test_voxels_are_kept_within_the_range_of_the_scan_unless_unbounded(arssr, write, tmp_path):
    edges = np.zeros((10, 12, 14), np.uint8)
    edges[3:7, 4:8, 5:9] = 250
    scan = write("edges.mha", itk.image_from_array(edges))
    bounded = arssr("upscale", scan, tmp_path / "bounded.mha", "--scale", 2)
    assert re.search(r"[\d.]+ % of the voxels kept within the scan's local range", words(bounded.stdout))
    clamped = r"note: \d+ voxels were clamped to the output pixel type's range, 0 to 255"
    assert re.search(clamped, words(bounded.stdout))
    free = arssr("upscale", scan, tmp_path / "free.mha", "--scale", 2, "--unbounded")
    assert "local range" not in free.stdout
    for name, setting in (("bounded.mha", True), ("free.mha", False)):
        expected = pixels(upscale(itk.imread(str(scan)), scale_factors=2, bound_to_neighborhood=setting))
        np.testing.assert_array_equal(pixels(itk.imread(str(tmp_path / name))), expected)


# --- upscale: directories and names


def test_a_directory_is_named_as_the_published_scripts_do(arssr, write, tmp_path):
    write("in/a.nii.gz"), write("in/b.nrrd"), write("in/c.tif", make_image(pixel_type=itk.UC))
    write("in/d.hdr", make_image(pixel_type=itk.UC)), write("in/.hidden.mha")
    (tmp_path / "in" / "README.txt").write_text("no image")
    write_series(make_image(pixel_type=itk.SS), tmp_path / "in" / "patient")
    result = arssr("upscale", tmp_path / "in", tmp_path / "out", "--scale", 1.5)
    assert result.exit_code == 0, result.stdout + result.stderr
    assert files_in(tmp_path / "out") == [
        "ArSSR_Residual_recon_1d5x_a.nii.gz",
        "ArSSR_Residual_recon_1d5x_b.nrrd",
        "ArSSR_Residual_recon_1d5x_c.nii.gz",
        "ArSSR_Residual_recon_1d5x_d.nii",
        "ArSSR_Residual_recon_1d5x_patient.nii.gz",
    ]
    assert "5 of" not in result.stderr


@pytest.mark.parametrize(
    ("option", "value", "label"),
    [
        ("--scale", "2", "2d0x"),
        ("--scale", "2,1,1.5", "2d0x1d0x1d5x"),
        ("--spacing", "0.5", "0d5mm"),
        ("--like", "scan", "like_scan"),
    ],
)
def test_one_image_into_a_directory_is_named_likewise(option, value, label, arssr, scan, tmp_path):
    (tmp_path / "out").mkdir()
    value = scan if value == "scan" else value
    assert arssr("upscale", scan, tmp_path / "out", option, value).exit_code == 0
    assert files_in(tmp_path / "out") == [f"ArSSR_Residual_recon_{label}_scan.nii.gz"]


def test_the_encoder_in_the_name_is_the_models(arssr, scan, tmp_path):
    model = itk.ArSSRModel.New()
    model.SetRandomNetwork(itk.ArSSRModelEnums.Encoder_SRResnet, 8, 4, 8, 1)
    model.WriteFile(str(tmp_path / "model.safetensors"))
    result = arssr("upscale", scan, tmp_path / "out", "--scale", 2, "--model", tmp_path / "model.safetensors")
    assert result.exit_code == 0, result.stderr
    assert files_in(tmp_path / "out") == ["ArSSR_SRResnet_recon_2d0x_scan.nii.gz"]


def test_a_bad_file_does_not_stop_the_others(arssr, write, scan, tmp_path):
    (tmp_path / "in" / "broken.nii.gz").write_bytes(b"not an image")
    bad = make_image()
    itk.array_view_from_image(bad)[1, 1, 1] = np.inf
    write("in/infinite.mha", bad)
    write("in/z_last.mha")
    result = arssr("upscale", tmp_path / "in", tmp_path / "out", "--scale", 1.5)
    assert result.exit_code == 1
    assert files_in(tmp_path / "out") == [
        "ArSSR_Residual_recon_1d5x_scan.nii.gz",
        "ArSSR_Residual_recon_1d5x_z_last.mha",
    ]
    said = words(result.stdout)
    assert re.search(r"broken.nii.gz failed: \S+broken.nii.gz is not an image that ITK can read", said)
    assert re.search(r"infinite.mha failed: \S+infinite.mha has 1 infinite of 720 voxels", said)
    assert "Error: 2 of 4 failed" in result.stderr


# --- upscale: what must not be lost


def test_an_output_that_exists_is_replaced_only_on_request(arssr, scan, tmp_path):
    target = tmp_path / "out.mha"
    target.write_text("precious")
    result = arssr("upscale", scan, target, "--scale", 2)
    assert result.exit_code == 1
    assert "--overwrite" in result.stderr
    assert target.read_text() == "precious"
    assert arssr("upscale", scan, target, "--scale", 2, "--overwrite").exit_code == 0
    assert tuple(itk.size(itk.imread(str(target)))) == (16, 18, 14)


@pytest.mark.parametrize("link", [False, True], ids=["by its name", "through a link"])
def test_an_input_is_never_overwritten(link, arssr, scan, tmp_path):
    before = scan.read_bytes()
    target = scan
    if link:
        target = tmp_path / "link.nii.gz"
        target.symlink_to(scan)
    result = arssr("upscale", scan, target, "--scale", 2, "--overwrite")
    assert result.exit_code == 1
    assert "an input is never overwritten" in result.stderr
    assert scan.read_bytes() == before


def test_an_output_does_not_replace_a_slice_of_the_input(arssr, tmp_path):
    write_series(make_image(pixel_type=itk.SS), tmp_path / "series")
    target = tmp_path / "link.nii.gz"
    target.symlink_to(tmp_path / "series" / "003.dcm")
    result = arssr("upscale", tmp_path / "series", target, "--scale", 2, "--overwrite")
    assert "an input is never overwritten" in result.stderr


def test_two_inputs_do_not_share_an_output(arssr, write, tmp_path):
    write("in/a.nii"), write("in/a.hdr")
    result = arssr("upscale", tmp_path / "in", tmp_path / "out", "--scale", 1.5)
    assert result.exit_code == 1
    assert "both are named ArSSR_Residual_recon_1d5x_a.nii" in words(result.stdout)
    assert len(files_in(tmp_path / "out")) == 1


def test_a_failure_leaves_nothing_behind(arssr, write, tmp_path):
    image = make_image()
    itk.array_view_from_image(image)[1, 1, 1] = np.nan
    result = arssr("upscale", write("nan.mha", image), tmp_path / "out" / "x.mha", "--scale", 2)
    assert result.exit_code == 1
    assert "nan" in result.stderr
    assert files_in(tmp_path / "out") == []


def test_a_failure_keeps_the_older_output(arssr, write, tmp_path):
    image = make_image()
    itk.array_view_from_image(image)[1, 1, 1] = np.nan
    (tmp_path / "x.mha").write_text("older")
    arssr("upscale", write("nan.nrrd", image), tmp_path / "x.mha", "--scale", 2, "--overwrite")
    assert (tmp_path / "x.mha").read_text() == "older"


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_cleanly(signal_number, interrupt, write, slow_model, tmp_path):
    write("in/a.nii.gz", make_image(size=(40, 40, 40)))
    write("in/b.nii.gz", make_image(size=(40, 40, 40)))
    command = ["upscale", tmp_path / "in", tmp_path / "out", "--scale", 8, "--model", slow_model]
    result = interrupt(*command, when=lambda line: "a.nii.gz" in line, after=1, signal_number=signal_number)
    assert "Interrupted" in result.stderr
    assert files_in(tmp_path / "out") == []


# Simulates a disk that is full after so many bytes.
_ON_A_FULL_DISK = """
import resource, runpy, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.argv = ["arssr", *sys.argv[2:]]
runpy.run_module("itk_arssr", run_name="__main__")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize(
    ("extension", "bytes_left"),
    [("nii", 10), ("nii", 20000), ("nii.gz", 20000), ("nrrd", 20000), ("mha", 10), ("mha", 20000)],
)
def test_a_full_disk_keeps_the_older_output(extension, bytes_left, write, python, tmp_path):
    noise = np.random.default_rng(1).random((12, 12, 12), dtype=np.float32)
    scan = write("noise.mha", itk.image_from_array(noise))
    target = tmp_path / "out" / f"o.{extension}"
    target.parent.mkdir()
    target.write_text("older")
    result = python("-c", _ON_A_FULL_DISK, bytes_left, "upscale", scan, target, "--scale", "2", "--overwrite")
    assert result.returncode == 1, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert target.name in result.stderr
    assert files_in(tmp_path / "out") == [target.name]
    assert target.read_text() == "older"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a folder that nobody can write to")
def test_a_folder_that_cannot_be_written_to_is_refused(arssr, scan):
    result = arssr("upscale", scan, "/proc/o.nii.gz", "--scale", 2)
    assert result.exit_code == 1
    assert "/proc/o.nii.gz cannot be written: No such file or directory; choose another folder" in words(result.stderr)


# --- upscale: the user's mistakes


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["{scan}", "{tmp}/o.mha"], 2, "give exactly one of --scale, --spacing and --like"),
        (["{scan}", "{tmp}/o.mha", "--scale", "2", "--spacing", "1"], 2, "give exactly one of"),
        (["{scan}", "{tmp}/o.mha", "--scale", "0"], 2, "'0' must be greater than 0"),
        (["{scan}", "{tmp}/o.mha", "--scale", "-2"], 2, "'-2' must be greater than 0"),
        (["{scan}", "{tmp}/o.mha", "--scale", "two"], 2, "'two' is not a number"),
        (["{scan}", "{tmp}/o.mha", "--scale", "nan"], 2, "not finite"),
        (["{scan}", "{tmp}/o.mha", "--scale", "2,2"], 2, "give one, or three in the order x,y,z"),
        (["{scan}", "{tmp}/o.mha", "--spacing", "1,0,1"], 2, "greater than 0"),
        (["{scan}", "{tmp}/o.mha", "--scale", "2", "--window", "5"], 2, "two numbers lower,upper"),
        (["{scan}", "{tmp}/o.mha", "--scale", "2", "--window", "5,1"], 2, "lower < upper"),
        (["{scan}", "{tmp}/o.mha", "--scale", "2", "--window", "0,1", "--no-intensity-scaling"], 2, "no meaning"),
        (["{scan}", "{tmp}/o.mha", "--scale", "2", "--memory", "lots"], 2, "'lots' is not an amount of memory"),
        (["{scan}", "{tmp}/o.mha", "--scale", "2", "--memory", "0"], 2, "less than 1 MiB"),
        (["{scan}", "{tmp}/o.mha", "--scale", "2", "--device", "gpu"], 2, "auto, cpu, cuda and cuda:N"),
        (["{scan}", "{tmp}/o.mha", "--scale", "2", "--precision", "fp8"], 2, "'fp8' is not a precision"),
        (["{scan}"], 2, "Missing argument"),
        (["{tmp}/none.nii", "{tmp}/o.mha", "--scale", "2"], 1, "none.nii does not exist"),
        (["{tmp}/empty", "{tmp}/o", "--scale", "2"], 1, "neither an image file nor a DICOM series"),
        (["{scan}", "{tmp}/o.png", "--scale", "2"], 1, "must end with .nii.gz, .nii, .nrrd or .mha"),
        (["{scan}", "{scan}/o.mha", "--scale", "2"], 1, "is not a folder"),
        (["{tmp}/in2", "{tmp}/o.mha", "--scale", "2"], 1, "need a directory"),
        (["{tmp}/in2", "{scan}", "--scale", "2"], 1, "is a file"),
        (["{scan}", "{tmp}/o.mha", "--scale", "2", "--model", "{tmp}/none.pkl"], 1, "none.pkl does not exist"),
        (["{scan}", "{tmp}/o.mha", "--scale", "2", "--model", "{tmp}"], 1, "is not a model file"),
        (["{scan}", "{tmp}/o.mha", "--scale", "2", "--model", "{scan}"], 1, "Cannot read the weights"),
        (["{scan}", "{tmp}/o.mha", "--scale", "2", "--device", "cuda:99"], 1, "'cuda:99' is not available"),
        (["{scan}", "{tmp}/o.mha", "--scale", "2", "--memory", "1MiB"], 1, "at least"),
        (["{scan}", "{tmp}/o.mha", "--like", "{tmp}/none.nii"], 1, "none.nii does not exist"),
        (["{scan}", "{tmp}/o.mha", "--like", "{tmp}/in2"], 1, "holds 2 images; name one"),
        (["{scan}", "{tmp}/o.mha", "--scale", "1e6"], 1, "smaller scale"),
        (["{tmp}/time.nrrd", "{tmp}/o.mha", "--scale", "2"], 1, "4 dimensions (5×6×7×3)"),
        (["{tmp}/colour.mha", "{tmp}/o.mha", "--scale", "2"], 1, "3 values per voxel"),
        (["{tmp}/flat.png", "{tmp}/o.mha", "--scale", "2"], 1, "single slice"),
        (["{tmp}/series/001.dcm", "{tmp}/o.mha", "--scale", "2"], 1, "give their folder"),
        (["{tmp}/text.txt", "{tmp}/o.mha", "--scale", "2"], 1, "not an image that ITK can read"),
        (["{tmp}/cut.nii", "{tmp}/o.mha", "--scale", "2"], 1, "cut.nii is incomplete"),
        (["{tmp}/cut.nii.gz", "{tmp}/o.mha", "--scale", "2"], 1, "cut.nii.gz is damaged or incomplete"),
        (["{tmp}/cut.mha", "{tmp}/o.mha", "--scale", "2"], 1, "cut.mha cannot be read"),
    ],
)
def test_mistakes_are_explained_in_a_line(arguments, status, message, arssr, mistakes, scan, tmp_path):
    arguments = [argument.format(scan=scan, tmp=tmp_path) for argument in arguments]
    result = arssr("upscale", *arguments)
    assert result.exit_code == status, result.stdout + result.stderr
    assert message in words(result.stderr)
    assert "Traceback" not in result.stderr + result.stdout
    assert "ITK ERROR" not in result.stderr
    assert ".hxx" not in result.stderr + result.stdout
    assert not (tmp_path / "o.mha").exists()


@pytest.fixture
def mistakes(write, tmp_path, scan):
    """Files that a user may mistake for volumes."""
    (tmp_path / "empty").mkdir()
    write("in2/a.mha"), write("in2/b.mha")
    (tmp_path / "text.txt").write_text("no image")
    itk.imwrite(itk.image_from_array(np.zeros((3, 7, 6, 5), np.float32)), str(tmp_path / "time.nrrd"))
    itk.imwrite(itk.image_from_array(np.zeros((5, 5, 5, 3), np.uint8), is_vector=True), str(tmp_path / "colour.mha"))
    itk.imwrite(itk.image_from_array(np.zeros((5, 5), np.uint8)), str(tmp_path / "flat.png"))
    write_series(make_image(pixel_type=itk.SS), tmp_path / "series")
    for extension in ("nii", "nii.gz", "mha"):
        whole = write(f"whole.{extension}").read_bytes()
        (tmp_path / f"cut.{extension}").write_bytes(whole[:-40])


# --- info


def test_info_describes_the_default_model(arssr):
    result = arssr("info")
    assert result.exit_code == 0
    said = words(result.stdout)
    for row in ("form local", "encoder Residual", "parameters 844,353", "halo 14 voxels", "feature dimension 64"):
        assert row in said
    assert "licence" in said


def test_info_describes_a_file(arssr, tmp_path):
    model = itk.ArSSRModel.New()
    model.SetRandomNetwork(itk.ArSSRModelEnums.Encoder_RDN, 8, 4, 16, 1)
    model.GetMetaDataDictionary()["training_data"] = "none [at] all"
    model.WriteFile(str(tmp_path / "rdn.safetensors"))
    said = words(arssr("info", tmp_path / "rdn.safetensors").stdout)
    for row in ("encoder RDN", "feature dimension 8", "decoder depth 4", "decoder width 16", "halo 28 voxels"):
        assert row in said
    assert "training_data none [at] all" in said
    assert "trained for scans with not stated" in said


def test_info_states_what_scans_a_model_was_trained_for(arssr, tmp_path):
    model = itk.ArSSRModel.New()
    model.SetRandomNetwork(itk.ArSSRModelEnums.Encoder_RDN, 8, 4, 16, 1)
    model.GetMetaDataDictionary()["trained_acquisition"] = "boxes [0.65]\x1b[2J\x07 of all widths"
    model.WriteFile(str(tmp_path / "rdn.safetensors"))
    said = arssr("info", tmp_path / "rdn.safetensors").stdout
    assert "trained for scans with boxes [0.65] [2J of all widths" in words(said)
    assert "\x1b[2J" not in said
    model.GetMetaDataDictionary()["trained_acquisition"] = 50000 * "x "
    model.WriteFile(str(tmp_path / "rdn.safetensors"))
    assert 450 < arssr("info", tmp_path / "rdn.safetensors").stdout.count("x") < 600


@pytest.mark.parametrize(("name", "message"), [("none.pkl", "does not exist"), ("bad.pkl", "Cannot read the weights")])
def test_info_explains_mistakes(name, message, arssr, tmp_path):
    (tmp_path / "bad.pkl").write_text("no weights")
    result = arssr("info", tmp_path / name)
    assert result.exit_code == 1
    assert message in result.stderr


# --- compare


@pytest.fixture
def truth(write) -> Path:
    return write("truth.nii.gz", make_image(size=(14, 13, 12)))


def shifted(path: Path, offset: float, target: Path) -> Path:
    image = itk.imread(str(path))
    itk.array_view_from_image(image)[...] += offset
    itk.imwrite(image, str(target))
    return target


def test_compare_measures_each_image(arssr, truth, tmp_path):
    values = pixels(itk.imread(str(truth)))
    other = shifted(truth, float(np.ptp(values)) / 10, tmp_path / "other.mha")
    result = arssr("compare", truth, truth, other)
    assert result.exit_code == 0, result.stderr
    said = words(result.stdout)
    assert "truth.nii.gz inf 1.0000" in said
    assert "other.mha 20.00 0." in said


def test_compare_takes_a_range_and_a_border(arssr, truth, tmp_path):
    image = itk.imread(str(truth))
    itk.array_view_from_image(image)[...] += 10
    itk.array_view_from_image(image)[0] += 1e6
    itk.imwrite(image, str(tmp_path / "other.mha"))
    result = arssr("compare", truth, tmp_path / "other.mha", "--range", "0,1000", "--border", 0)
    assert "40.00" not in result.stdout
    itk.imwrite(make_image(size=(24, 23, 22)), str(tmp_path / "large.mha"))
    image = itk.imread(str(tmp_path / "large.mha"))
    itk.array_view_from_image(image)[...] += 10
    itk.array_view_from_image(image)[0] += 1e6
    itk.imwrite(image, str(tmp_path / "large2.mha"))
    result = arssr("compare", tmp_path / "large.mha", tmp_path / "large2.mha", "--range", "-500,500", "--border", 1)
    assert "large2.mha │ 40.00" in re.sub(r" +", " ", result.stdout)
    assert "1 voxels left out" in words(result.stdout)


def test_compare_draws(arssr, truth, tmp_path):
    other = shifted(truth, 5, tmp_path / "other.mha")
    result = arssr("compare", truth, other, "--picture", tmp_path / "new" / "figure.png")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "new" / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_compare_resamples_only_on_request(arssr, truth, write):
    low = write("low.mha", make_image(size=(7, 13, 12), spacing=(2, 1, 1), origin=(0.5, 0, 0)))
    result = arssr("compare", truth, low)
    assert result.exit_code == 1
    assert "7×13×12 voxels, not 14×13×12. --resample brings it there" in words(result.stderr)
    assert arssr("compare", truth, low, "--resample").exit_code == 0


@pytest.mark.parametrize("grid", [{"origin": (0.1, 0, 0)}, {"spacing": (1, 1, 1.01)}, {"direction": OBLIQUE}])
def test_compare_refuses_other_places(grid, arssr, truth, write):
    result = arssr("compare", truth, write("moved.mha", make_image(size=(14, 13, 12), **grid)))
    assert result.exit_code == 1
    assert "is not on the grid of" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["{truth}"], 2, "Missing argument"),
        (["{truth}", "{tmp}/none.mha"], 1, "none.mha does not exist"),
        (["{truth}", "{truth}", "--border", "9"], 1, "leaves nothing"),
        (["{truth}", "{truth}", "--border", "2"], 1, "SSIM needs 11 voxels"),
        (["{truth}", "{truth}", "--range", "3,3"], 2, "lower < upper"),
        (["{truth}", "{truth}", "--picture", "{tmp}/figure.xyz"], 1, "figure.xyz cannot be drawn"),
    ],
)
def test_compare_explains_mistakes(arguments, status, message, arssr, truth, tmp_path):
    result = arssr("compare", *(argument.format(truth=truth, tmp=tmp_path) for argument in arguments))
    assert result.exit_code == status
    assert message in words(result.stderr)


# --- the program


@pytest.mark.parametrize("command", ["upscale", "info", "compare"])
def test_help_has_examples(command, arssr):
    result = arssr(command, "--help")
    assert result.exit_code == 0
    assert f"arssr {command} " in words(result.stdout).split("Examples")[1] + " "


def test_help_lists_every_option_of_the_published_script_that_is_left(arssr):
    said = words(arssr("upscale", "--help").stdout)
    for option in ("--scale", "--spacing", "--like", "--model", "--device", "--precision", "--memory", "--window"):
        assert option in said


def test_the_installed_program_prints_its_version():
    program = Path(sys.executable).with_name("arssr")
    result = subprocess.run([program, "--version"], check=False, capture_output=True, encoding="utf-8", timeout=120)
    assert re.fullmatch(r"arssr \d+\.\d+\S* \(ITK 5\.4\.\d+\)\n", result.stdout), result.stderr


def test_without_matplotlib_only_the_picture_is_missing(arssr, truth, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = arssr("compare", truth, truth, "--picture", tmp_path / "p.png")
    assert result.exit_code == 1
    assert "pip install matplotlib" in result.stderr


def test_the_package_needs_no_source_tree(tmp_path, scan, write):
    """Run from elsewhere, with the default model found beside the package."""
    source = shutil.copy(scan, tmp_path / "alone.nii.gz")
    environment = {key: value for key, value in os.environ.items() if key != "ARSSR_DEFAULT_MODEL"}
    program = Path(sys.executable).with_name("arssr")
    result = subprocess.run(
        [program, "upscale", source, "out.nii.gz", "--scale", "2"],
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        env=environment,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out.nii.gz").exists()


def test_help_does_not_wait_for_torch(python):
    result = python(
        "-c", "import sys, itk_arssr.cli; print('torch' in sys.modules, 'itk.ITKCommonPython' in sys.modules)"
    )
    assert result.stdout.split() == ["False", "False"], result.stderr


def test_upscaling_does_not_wait_for_the_python_packages_of_torch_and_xarray(scan, tmp_path, python):
    program = f"""
import atexit, sys
from itk_arssr.cli import main
atexit.register(lambda: print([name for name in ("torch", "xarray", "pandas") if name in sys.modules]))
sys.argv = ["arssr", "upscale", {str(scan)!r}, {str(tmp_path / "out.mha")!r}, "--scale", "2"]
main()
"""
    result = python("-c", program)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "[]"
    assert (tmp_path / "out.mha").exists()


def test_a_terminal_without_unicode_is_no_error(scan, tmp_path, python):
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    result = python("-m", "itk_arssr", "upscale", scan, tmp_path / "out.mha", "--scale", 2, env=environment)
    assert result.returncode == 0, result.stderr
    assert "16?18?14 voxels" in result.stdout
