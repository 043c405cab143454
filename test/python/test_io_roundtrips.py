"""Files of several formats through ``arssr upscale``: grids and voxels arrive."""

import itk
import numpy as np
import pytest
from conftest import OBLIQUE, assert_same_grid, kept_field_of_view, make_image, pixels
from dicom import write_series

EXTENSIONS = [".nii.gz", ".nii", ".nrrd", ".mha"]
HEADER_PRECISION = 1e-5  # mm; NIfTI keeps the grid in single precision
upscale = itk.arbitrary_scale_super_resolution_image_filter


def scan(pixel_type=itk.SS, direction=OBLIQUE):
    return make_image(
        size=(9, 8, 7), pixel_type=pixel_type, spacing=(1, 0.8, 2.5), origin=(10, -20, 30), direction=direction
    )


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize(
    "direction", [np.eye(3), OBLIQUE, np.diag([-1.0, -1.0, 1.0])], ids=["plain", "oblique", "flipped"]
)
def test_formats_keep_grid_and_voxels(extension, direction, arssr, write, tmp_path):
    image = scan(direction=direction)
    target = tmp_path / f"out{extension}"
    result = arssr("upscale", write(f"in{extension}", image), target, "--scale", "2,1.5,1")
    assert result.exit_code == 0, result.stderr
    written = itk.imread(str(target))
    assert type(written) is type(image)
    assert_same_grid(written, *kept_field_of_view(image, (2, 1.5, 1)), tolerance=HEADER_PRECISION)
    np.testing.assert_array_equal(pixels(written), pixels(upscale(image, scale_factors=[2, 1.5, 1])))


@pytest.mark.parametrize("pixel_type", [itk.UC, itk.SS, itk.US, itk.F, itk.D])
@pytest.mark.parametrize("extension", [".nii.gz", ".mha"])
def test_pixel_types_are_kept_on_disk(pixel_type, extension, arssr, write, tmp_path):
    image = scan(pixel_type)
    target = tmp_path / f"out{extension}"
    assert arssr("upscale", write(f"in{extension}", image), target, "--scale", 1.5).exit_code == 0
    assert type(itk.imread(str(target))) is type(image)


@pytest.mark.parametrize("source", [".mhd", ".nhdr", ".hdr", ".tif", ".vtk"])
def test_other_formats_are_read(source, arssr, write, tmp_path):
    image = make_image(pixel_type=itk.US)
    result = arssr("upscale", write(f"in{source}", image), tmp_path / "out.mha", "--scale", 2)
    assert result.exit_code == 0, result.stderr
    np.testing.assert_array_equal(
        pixels(itk.imread(str(tmp_path / "out.mha"))), pixels(upscale(image, scale_factors=2))
    )


def test_a_trailing_axis_of_one_is_no_fourth_dimension(arssr, tmp_path):
    four = itk.image_from_array(pixels(make_image())[None])
    itk.imwrite(four, str(tmp_path / "in.nrrd"))
    result = arssr("upscale", tmp_path / "in.nrrd", tmp_path / "out.nrrd", "--scale", 2)
    assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("extension", [".nii.gz", ".nrrd"])
@pytest.mark.parametrize("direction", [np.eye(3), OBLIQUE], ids=["plain", "oblique"])
def test_a_dicom_folder_is_one_volume(extension, direction, arssr, tmp_path):
    image = scan(direction=direction)
    write_series(image, tmp_path / "series")
    target = tmp_path / f"out{extension}"
    result = arssr("upscale", tmp_path / "series", target, "--scale", "1,1,2")
    assert result.exit_code == 0, result.stderr
    written = itk.imread(str(target))
    assert_same_grid(written, *kept_field_of_view(image, (1, 1, 2)), tolerance=1e-4)
    np.testing.assert_array_equal(pixels(written), pixels(upscale(image, scale_factors=[1, 1, 2])))


def test_dicom_intensities_follow_slope_and_intercept(arssr, tmp_path):
    image = scan()
    itk.array_view_from_image(image)[...] -= 500
    write_series(image, tmp_path / "ct", slope=1, intercept=-1024)
    result = arssr("upscale", tmp_path / "ct", tmp_path / "out.nii.gz", "--scale", 1)
    assert result.exit_code == 0, result.stderr
    real = itk.cast_image_filter(image, ttype=(type(image), itk.Image[itk.F, 3]))
    np.testing.assert_allclose(
        pixels(itk.imread(str(tmp_path / "out.nii.gz"))), pixels(upscale(real, scale_factors=1)), atol=0.51
    )


def test_large_outputs_are_streamed_and_equal(arssr, write, tmp_path, monkeypatch):
    from itk_arssr.images import io

    image = scan()
    source = write("in.nii.gz", image)
    monkeypatch.setattr(io, "_CHUNK_BYTES", 2000)
    assert io.stream_divisions(tmp_path / "out.mha", upscale(image, scale_factors=2)) == 5
    assert io.stream_divisions(tmp_path / "out.nii.gz", upscale(image, scale_factors=2)) == 1
    assert arssr("upscale", source, tmp_path / "out.mha", "--scale", 2).exit_code == 0
    np.testing.assert_array_equal(
        pixels(itk.imread(str(tmp_path / "out.mha"))), pixels(upscale(itk.imread(str(source)), scale_factors=2))
    )
