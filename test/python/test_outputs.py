"""Files that must not be lost, and names that outputs can have: refused before anything is computed."""

import os
import sys
from pathlib import Path

import itk
import numpy as np
import pytest
from conftest import files_in, make_image, pixels, words
from dicom import write_series
from itk_arssr.images.datafiles import files_of
from itk_arssr.images.outputs import Inputs, place
from itk_arssr.upscaling import batch as jobs

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs links and names of a POSIX system")


@pytest.fixture
def scan(write) -> Path:
    return write("in/scan.nii.gz", make_image(pixel_type=itk.UC))


@pytest.fixture
def never_computes(monkeypatch):
    """Fail if a network or a reader runs nevertheless."""

    def run(*_):
        raise AssertionError("something was computed")

    monkeypatch.setattr(jobs, "run", run)
    monkeypatch.setattr("itk_arssr.commands.upscale.run", run)


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- files that belong together


def test_an_image_has_the_files_that_its_header_names(tmp_path):
    def make(name, text=""):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    for name in ("a.hdr", "a.img", "b.img.gz", "b.hdr.gz", "c.raw", "d1.raw", "d3.raw", "sub/e.raw", "f.dat", "g.sdt"):
        make(name)
    make("c.mhd", "NDims = 3\nElementDataFile = c.raw\n")
    make("d.mhd", "NDims = 3\nElementDataFile = d%d.raw 1 3 2\n")
    make("e.nhdr", "NRRD0004\ntype: float\ndata file: sub/e.raw\n")
    make("f.nhdr", "NRRD0004\nDataFile: LIST\nf.dat\nmissing.dat\n")
    make("l.mhd", "ElementDataFile = LIST\nc.raw\nd1.raw\n")
    make("own.mha", "ElementDataFile = LOCAL\n")
    make("g.spr")
    expected = {
        "a.hdr": ["a.img"],
        "a.img": ["a.hdr"],
        "b.img.gz": ["b.hdr.gz"],
        "c.mhd": ["c.raw"],
        "d.mhd": ["d1.raw", "d3.raw"],
        "e.nhdr": ["sub/e.raw"],
        "f.nhdr": ["f.dat"],
        "l.mhd": ["c.raw", "d1.raw"],
        "own.mha": [],
        "g.spr": ["g.sdt"],
        "c.raw": [],
    }
    for name, others in expected.items():
        assert files_of(tmp_path / name) == (tmp_path / name, *(tmp_path / other for other in others)), name
    assert files_of(tmp_path / "missing.nii") == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ElementDataFile = ",
        "ElementDataFile = x%d.raw 1",
        "ElementDataFile = x%d.raw a b c",
        "ElementDataFile = \0",
    ],
)
def test_headers_that_name_nothing_are_no_error(text, tmp_path):
    (tmp_path / "x.mhd").write_text(text)
    assert files_of(tmp_path / "x.mhd") == (tmp_path / "x.mhd",)


@POSIX
def test_inputs_are_told_by_what_they_are_on_the_disk(tmp_path):
    (tmp_path / "sub").mkdir()
    file = tmp_path / "file.nii"
    file.write_text("x")
    (tmp_path / "link").symlink_to(file)
    os.link(file, tmp_path / "hard")
    (tmp_path / "twin.nii").write_text("x")
    inputs = Inputs([file, None, tmp_path / "missing.nii"])
    for same in (file, tmp_path / "link", tmp_path / "hard", tmp_path / "sub" / ".." / "file.nii"):
        assert same in inputs
        assert place(same) == place(file)
    for other in (tmp_path / "twin.nii", tmp_path / "missing.nii"):
        assert other not in inputs
    assert place(tmp_path / "new.nii") == place(tmp_path / "sub" / ".." / "new.nii") != place(tmp_path / "new2.nii")


# --- the image of --like


def spelled(kind: str, target: Path) -> Path:
    """Another way to name a file."""
    if kind == "name":
        return target
    if kind == "dots":
        return target.parent / ".." / target.parent.name / target.name
    other = target.parent / f"other{''.join(target.suffixes)}"
    if kind == "link":
        other.symlink_to(target.name)
    elif kind == "link to a link":
        (target.parent / "between").symlink_to(target)
        other.symlink_to("between")
    else:
        os.link(target, other)
    return other


KINDS = ["name", "dots", "link", "link to a link", "hard link"]


@POSIX
@pytest.mark.parametrize("kind", KINDS)
def test_the_image_of_like_is_never_overwritten(kind, arssr, scan, write, tmp_path, never_computes):
    like = write("like/t1.nii.gz", make_image(size=(6, 6, 6)))
    target = spelled(kind, like)
    before = contents(tmp_path)
    result = arssr("upscale", scan, target, "--like", like, "--overwrite")
    assert result.exit_code == 1
    assert f"{target} is an input; an input is never overwritten" in words(result.stderr)
    assert contents(tmp_path) == before


@POSIX
@pytest.mark.parametrize("kind", KINDS)
def test_a_residual_map_does_not_replace_it_either(kind, arssr, scan, write, tmp_path, never_computes):
    like = write("like/t1.nii.gz", make_image(size=(6, 6, 6)))
    target = spelled(kind, like)
    before = contents(tmp_path)
    arguments = ("--like", like, "--residual", target, "--overwrite")
    result = arssr("upscale", scan, tmp_path / "out.mha", *arguments)
    assert result.exit_code == 1
    assert "an input is never overwritten" in words(result.stderr)
    assert contents(tmp_path) == before


@POSIX
@pytest.mark.parametrize("extension", [".hdr", ".mhd", ".nhdr"])
@pytest.mark.parametrize("role", ["IN", "--like"])
def test_the_voxels_of_a_header_are_not_overwritten_through_a_link(
    extension, role, arssr, scan, write, tmp_path, never_computes
):
    header = write(f"pair/t1{extension}", make_image(pixel_type=itk.UC))
    (data,) = (path for path in header.parent.iterdir() if path != header)
    target = tmp_path / "out.nii.gz"
    target.symlink_to(data)
    before = contents(tmp_path)
    source, options = (header, ["--scale", 2]) if role == "IN" else (scan, ["--like", header])
    result = arssr("upscale", source, target, *options, "--overwrite")
    assert result.exit_code == 1
    assert "an input is never overwritten" in words(result.stderr)
    assert contents(tmp_path) == before


@POSIX
def test_a_slice_of_a_series_given_as_like_is_not_overwritten(arssr, scan, tmp_path, never_computes):
    write_series(make_image(pixel_type=itk.SS), tmp_path / "series")
    target = tmp_path / "out.nii.gz"
    os.link(tmp_path / "series" / "003.dcm", target)
    before = contents(tmp_path)
    result = arssr("upscale", scan, target, "--like", tmp_path / "series", "--overwrite")
    assert "an input is never overwritten" in words(result.stderr)
    assert contents(tmp_path) == before


def test_the_image_of_like_is_never_overwritten_in_a_batch(arssr, write, tmp_path):
    write("in/a.mha"), write("in/b.mha")
    like = write("out/ArSSR_Residual_recon_like_ArSSR_Residual_recon_like_t_b_b.mha", make_image(size=(6, 6, 6)))
    like.rename(like.with_name("t.mha"))
    like = like.with_name("t.mha")
    target = like.with_name("ArSSR_Residual_recon_like_t_b.mha")
    os.link(like, target)
    before = target.read_bytes()
    result = arssr("upscale", tmp_path / "in", tmp_path / "out", "--like", like, "--overwrite")
    assert result.exit_code == 1
    assert "1 of 2 failed" in result.stderr
    assert f"{target} is an input; an input is never overwritten" in words(result.stdout)
    assert target.read_bytes() == before
    assert files_in(tmp_path / "out") == ["ArSSR_Residual_recon_like_t_a.mha", target.name, "t.mha"]


@POSIX
def test_a_model_is_an_input_too(arssr, scan, tmp_path, never_computes):
    model = itk.ArSSRModel.New()
    model.SetRandomNetwork(itk.ArSSRModelEnums.Encoder_ResCNN, 8, 4, 16, 1)
    model.WriteFile(str(tmp_path / "m.safetensors"))
    target = tmp_path / "out.mha"
    target.symlink_to("m.safetensors")
    before = contents(tmp_path)
    arguments = ("--scale", 2, "--model", tmp_path / "m.safetensors", "--overwrite")
    assert "an input is never overwritten" in words(arssr("upscale", scan, target, *arguments).stderr)
    assert contents(tmp_path) == before


# --- two outputs


@POSIX
@pytest.mark.parametrize("kind", ["dots", "link", "hard link"])
def test_result_and_residual_map_are_two_files(kind, arssr, scan, tmp_path, never_computes):
    target = tmp_path / "out.mha"
    target.write_text("older")
    other = spelled(kind, target)
    result = arssr("upscale", scan, target, "--scale", 2, "--residual", other, "--overwrite")
    assert result.exit_code == 1
    assert "cannot hold both the result and the residual map" in words(result.stderr)
    assert target.read_text() == "older"


@POSIX
def test_results_of_a_batch_are_different_files(arssr, write, tmp_path):
    write("in/a.mha"), write("in/b.mha")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ArSSR_Residual_recon_2d0x_b.mha").symlink_to("ArSSR_Residual_recon_2d0x_a.mha")
    result = arssr("upscale", tmp_path / "in", tmp_path / "out", "--scale", 2, "--overwrite")
    assert result.exit_code == 1
    assert "the result would replace that of" in words(result.stdout)


# --- names that ITK writes, or reads again, only in part


@pytest.mark.parametrize(
    "name",
    ["x.NII.GZ", "x.NII", "x.NRRD", "x.nii.nii.gz", "x.hdr.nii", "x.nii.gz.nii.gz", "x y.mha", "ü.nii.gz", "x.mha.nrrd"]
    + (["a\nb.nii.gz", ".nii.gz", ".mha", "x" * 248 + ".nii.gz"] if os.name != "nt" else []),
)
@pytest.mark.parametrize("options", [[], ["--consistency", 1]])
def test_names_that_can_be_read_again_are_written(name, options, arssr, scan, tmp_path):
    target = tmp_path / "out" / name
    result = arssr("upscale", scan, target, "--scale", 1.5, *options)
    assert result.exit_code == 0, result.stderr
    assert files_in(tmp_path / "out") == [name]
    expected = tmp_path / "plain.mha"
    assert arssr("upscale", scan, expected, "--scale", 1.5, *options).exit_code == 0
    np.testing.assert_array_equal(pixels(itk.imread(str(target))), pixels(itk.imread(str(expected))))


@POSIX
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x.Nii.gz", "ITK does not read files whose names end with .Nii.gz; give .nii.gz"),
        ("x.nii.GZ", "ITK does not read files whose names end with .nii.GZ; give .nii.gz"),
        ("x.MHA", "ITK does not read files whose names end with .MHA; give .mha"),
        ("x.nii.gz.", "must end with .nii.gz, .nii, .nrrd or .mha"),
        ("x.", "must end with .nii.gz, .nii, .nrrd or .mha"),
        ("x.png", "must end with .nii.gz, .nii, .nrrd or .mha"),
        ("x" * 249 + ".nii.gz", "has 256 bytes, but at most 255 are allowed"),
        ("y" * 300 + "/x.nii.gz", "has 300 bytes, but at most 255 are allowed"),
        ("pipe.mha", "it is a device or pipe"),
        ("loop.mha", "a link that leads to itself"),
        ("in/scan.nii.gz/x.mha", "scan.nii.gz is not a folder"),
    ],
)
@pytest.mark.parametrize("role", ["OUT", "--residual"])
def test_other_names_are_refused_before_anything_is_computed(
    name, message, role, arssr, scan, tmp_path, never_computes
):
    os.mkfifo(tmp_path / "pipe.mha")
    (tmp_path / "loop.mha").symlink_to("loop.mha")
    before = files_in(tmp_path)
    target = tmp_path / name
    arguments = [target] if role == "OUT" else [tmp_path / "fine.mha", "--residual", target]
    result = arssr("upscale", scan, *arguments, "--scale", 2, "--overwrite")
    assert result.exit_code == 1
    assert message in words(result.stderr)
    assert files_in(tmp_path) == before


@POSIX
def test_a_name_that_grows_too_long_in_a_batch_fails_alone(arssr, write, tmp_path):
    write("in/a.mha"), write(f"in/{'x' * 240}.mha")
    result = arssr("upscale", tmp_path / "in", tmp_path / "out", "--scale", 2)
    assert result.exit_code == 1
    assert "1 of 2 failed" in result.stderr
    assert "has 270 bytes, but at most 255 are allowed" in "".join(words(result.stdout))
    assert files_in(tmp_path / "out") == ["ArSSR_Residual_recon_2d0x_a.mha"]


def test_a_directory_may_be_called_like_an_image(arssr, write, tmp_path):
    write("in/a.mha"), write("in/b.mha")
    (tmp_path / "out.nii.gz").mkdir()
    assert arssr("upscale", tmp_path / "in", tmp_path / "out.nii.gz", "--scale", 2).exit_code == 0
    assert len(files_in(tmp_path / "out.nii.gz")) == 2


@POSIX
def test_a_link_is_followed_and_stays(arssr, scan, tmp_path):
    (tmp_path / "store").mkdir()
    target = tmp_path / "store" / "real.mha"
    target.write_text("older")
    target.chmod(0o640)
    link = tmp_path / "link.mha"
    link.symlink_to(target)
    assert arssr("upscale", scan, link, "--scale", 2, "--overwrite").exit_code == 0
    assert link.is_symlink()
    assert tuple(itk.size(itk.imread(str(target)))) == (16, 18, 20)
    assert target.stat().st_mode & 0o777 == 0o640
    assert files_in(tmp_path / "store") == ["real.mha"]


# --- the other commands


@POSIX
@pytest.mark.parametrize("kind", ["name", "link", "hard link"])
def test_a_picture_of_a_comparison_replaces_no_image(kind, arssr, write, tmp_path):
    truth = write("truth.nii.gz", make_image(size=(14, 13, 12)))
    named = tmp_path / "image.png"
    named.write_bytes(write("image.mha", make_image(size=(14, 13, 12), seed=2)).read_bytes())
    target = named
    if kind == "link":
        target = tmp_path / "link.png"
        target.symlink_to(truth)
    elif kind == "hard link":
        target = tmp_path / "hard.png"
        os.link(truth, target)
    before = contents(tmp_path)
    result = arssr("compare", truth, named, "--picture", target)
    assert result.exit_code == 1
    assert "an input is never overwritten" in words(result.stderr)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(("name", "message"), [("folder.png", "it is a folder"), ("x" * 252 + ".png", "has 256 bytes")])
def test_a_picture_that_cannot_be_written_is_refused_before_images_are_read(name, message, arssr, write, tmp_path):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "broken.mha").write_text("no image")
    result = arssr("compare", tmp_path / "broken.mha", tmp_path / "broken.mha", "--picture", tmp_path / name)
    assert result.exit_code == 1
    assert message in words(result.stderr)


@POSIX
@pytest.mark.parametrize("victim", ["data/phantom0.nii.gz", "val/phantom0.nii.gz", "init.safetensors", "tiny.yaml"])
@pytest.mark.parametrize("kind", ["link", "hard link"])
def test_a_trained_model_replaces_nothing_that_it_was_made_of(victim, kind, arssr, tmp_path, monkeypatch):
    from training_helpers import write_images, write_recipe

    monkeypatch.chdir(tmp_path)
    write_images(tmp_path / "data")
    write_images(tmp_path / "val", count=1, first_seed=7)
    model = itk.ArSSRModel.New()
    model.SetRandomNetwork(itk.ArSSRModelEnums.Encoder_ResCNN, 8, 4, 16, 1)
    model.WriteFile(str(tmp_path / "init.safetensors"))
    config = write_recipe(tmp_path, encoder="ResCNN", feature_dim=8, depth=4, width=16)
    target = tmp_path / "out.safetensors"
    if kind == "link":
        target.symlink_to(victim)
    else:
        os.link(tmp_path / victim, target)
    before = contents(tmp_path)
    arguments = ("data", "--val", "val", "--init", "init.safetensors", "--config", config, "--overwrite")
    result = arssr("train", *arguments, "--out", target)
    assert result.exit_code == 1
    assert f"{target} is an input; an input is never overwritten" in words(result.stderr)
    assert contents(tmp_path) == before


@POSIX
@pytest.mark.parametrize("output", ["results.csv", "results.md", "gain.png", "best.png", "worst.png"])
def test_an_evaluation_replaces_no_input_and_unasked_nothing(output, arssr, write, tmp_path):
    scan = write("hr/a.nii.gz", make_image(size=(20, 20, 20)))
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / output
    arguments = ("evaluate", scan, "--out", tmp_path / "out", "--scales", 2)
    target.write_text("precious")
    result = arssr(*arguments)
    assert result.exit_code == 1
    assert f"{target} exists; --overwrite replaces it" in words(result.stderr)
    assert target.read_text() == "precious"
    target.unlink()
    target.symlink_to(scan)
    before = contents(tmp_path)
    result = arssr(*arguments, "--overwrite")
    assert result.exit_code == 1
    assert "an input is never overwritten" in words(result.stderr)
    assert contents(tmp_path) == before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a folder that nobody can write to")
@pytest.mark.parametrize("command", ["upscale", "evaluate", "compare"])
def test_folders_that_cannot_be_written_to_are_refused_before_work(command, arssr, scan):
    arguments = {
        "upscale": (scan, "/proc/o.nii.gz", "--scale", 2),
        "evaluate": (scan, "--out", "/proc/out"),
        "compare": (scan, scan, "--picture", "/proc/o.png"),
    }[command]
    result = arssr(command, *arguments)
    assert result.exit_code == 1
    assert "cannot be written: No such file or directory" in words(result.stderr)
