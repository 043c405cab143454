"""Files that are not images, whatever their names: an error in one line, never a traceback or a hang."""

import os
import sys

import itk
import numpy as np
import pytest
from conftest import make_image, words
from itk_arssr.common.diagnostics import warnings_collected
from itk_arssr.common.errors import UserError, description
from itk_arssr.images.formats import READABLE
from itk_arssr.images.io import read, read_grid
from itk_arssr.images.sources import Source

CONTENTS = {
    "empty": b"",
    "text": b"no image at all\n" * 40,
    "zeros": bytes(2000),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(600),
    "tiff": b"II*\0\x08\0\0\0" + b"\xff" * 500,
    "gzip": b"\x1f\x8b\x08" + bytes(100),
    "vtk": b"# vtk DataFile Version 3.0\nx\nASCII\nDATASET STRUCTURED_POINTS\nDIMENSIONS -1 a b\n",
    "nrrd": b"NRRD0004\ntype: float\ndimension: 3\nsizes: 1 2\n\n",
    "meta": b"ObjectType = Image\nNDims = 3\nDimSize = 3 -4 5\nElementType = MET_FLOAT\nElementDataFile = LOCAL\n",
    "dicom": bytes(128) + b"DICM" + b"\xff" * 200,
}


@pytest.mark.parametrize("extension", [*READABLE, "", ".png", ".txt"])
def test_no_reader_throws_more_than_an_error(extension, tmp_path):
    for name, content in CONTENTS.items():
        path = tmp_path / f"{name}{extension}"
        path.write_bytes(content)
        for reading in (read, read_grid):
            with warnings_collected(), pytest.raises(UserError) as raised:
                reading(Source(path))
            text = str(raised.value)
            assert path.name in text
            assert "ITK ERROR" not in text and ".cxx" not in text and "0x" not in text, text


@pytest.mark.parametrize("command", ["upscale", "compare", "evaluate", "train"])
@pytest.mark.parametrize("name", ["x.vtk", "x.h5", "x.nii", "x.tif", "x.mha", "x"])
@pytest.mark.parametrize("content", ["empty", "text", "hdf5"])
def test_commands_explain_them(command, name, content, arssr, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(CONTENTS[content])
    arguments = {
        "upscale": [name, "out.mha", "--scale", 2],
        "compare": [name, name],
        "evaluate": [name],
        "train": [name],
    }[command]
    result = arssr(command, *arguments)
    assert result.exit_code == 1
    assert name in words(result.stderr)
    assert "Traceback" not in result.stderr + result.stdout
    if command == "upscale":
        assert "HDF5-DIAG" not in capfd.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="needs special files")
@pytest.mark.parametrize("command", ["upscale", "compare", "evaluate", "train"])
@pytest.mark.parametrize("kind", ["pipe", "device", "dead link", "loop"])
def test_special_files_are_refused_without_waiting(command, kind, arssr, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if kind == "pipe":
        os.mkfifo("x.nii")
    else:
        os.symlink({"device": "/dev/zero", "dead link": "nowhere", "loop": "x.nii"}[kind], "x.nii")
    arguments = {
        "upscale": ["x.nii", "out.mha", "--scale", 2],
        "compare": ["x.nii", "x.nii"],
        "evaluate": ["x.nii"],
        "train": ["x.nii"],
    }[command]
    result = arssr(command, *arguments)
    assert result.exit_code == 1
    message = "is neither a file nor a folder" if kind in ("pipe", "device") else "does not exist"
    assert f"x.nii {message}" in words(result.stderr)


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="needs file names of any bytes")
@pytest.mark.parametrize("role", ["IN", "OUT", "--like"])
def test_names_that_are_no_utf8_are_refused(role, python, write, tmp_path):
    odd = tmp_path / "a\udcff.nii"
    scan = write("scan.nii")
    odd.write_bytes(scan.read_bytes())
    arguments = {
        "IN": [odd, tmp_path / "out.nii", "--scale", 2],
        "OUT": [scan, tmp_path / "b\udcff.nii", "--scale", 2],
        "--like": [scan, tmp_path / "out.nii", "--like", odd],
    }[role]
    result = python("-m", "itk_arssr", "upscale", *arguments)
    assert result.returncode == 1
    assert "not valid UTF-8" in words(result.stderr)
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may read anything")
@pytest.mark.parametrize("command", ["upscale", "evaluate", "train"])
def test_a_folder_that_must_not_be_read_is_named(command, arssr, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "locked").mkdir(mode=0)
    arguments = {"upscale": ["locked", "out", "--scale", 2], "evaluate": ["locked"], "train": ["locked"]}[command]
    result = arssr(command, *arguments)
    assert result.exit_code == 1
    assert "locked" in result.stderr and "ermission" in result.stderr


def test_errors_of_the_system_name_the_file():
    error = PermissionError(13, "Permission denied", "locked/file")
    assert description(error) == "locked/file: Permission denied"
    assert description(OSError(28, "No space left on device")) == "No space left on device"


def test_an_error_of_itk_in_any_command_is_a_line(arssr, write, monkeypatch):
    from itk_arssr.evaluation import comparison

    def fail(*_):
        raise RuntimeError("/src/itkX.cxx:12:\nITK ERROR: ResampleImageFilter(0x5581): out of luck")

    monkeypatch.setattr(comparison, "measure", fail)
    path = write("a.mha", make_image(size=(14, 13, 12)))
    result = arssr("compare", path, path)
    assert result.exit_code == 1
    assert words(result.stderr) == "Error: out of luck"


def test_images_of_every_readable_kind_still_pass(write):
    """The other side: what is an image is read."""
    for name in ("a.vtk", "a.h5", "a.tif", "a.nii", "a.mha", "a.nrrd"):
        image = make_image(pixel_type=itk.US)
        np.testing.assert_array_equal(
            itk.array_from_image(read(Source(write(name, image))).image), itk.array_from_image(image)
        )
