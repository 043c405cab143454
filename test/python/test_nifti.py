"""NIfTI and Analyze files through the command line; nibabel is the reference for voxel positions."""

import gzip
import re
from pathlib import Path

import itk
import nibabel
import numpy as np
import pytest
from conftest import OBLIQUE, make_image, pixels
from nifti_files import SIZE, SPACING, affine, corners_of, forms_of, patch, voxels, write_nifti
from training_helpers import SIZE as TRAINING_SIZE
from training_helpers import write_recipe

PRECISION = 1e-4  # mm; headers are in single precision
upscale = itk.arbitrary_scale_super_resolution_image_filter

SCANNER, ALIGNED, MNI = 1, 2, 4
HERE = affine()
MOVED = affine(offset=(15.0, -23.0, 38.0))
TURNED = affine(OBLIQUE[:, [1, 2, 0]])
STRETCHED = affine(spacing=(1.1, 0.9, 2.4))
SHEARED = affine(OBLIQUE @ [[1, 0.3, 0], [0, 1, 0], [0, 0, 1]])


def words(text: str) -> str:
    return " ".join(text.split())


def largest(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(corners_of(one, SIZE) - corners_of(other, SIZE), axis=1).max())


def itk_corners(image) -> np.ndarray:
    """Corners of the field of view in ITK, to the right, front and top."""
    matrix = np.eye(4)
    matrix[:3, :3] = itk.array_from_matrix(image.GetDirection()) * np.array(itk.spacing(image))
    matrix[:3, 3] = itk.origin(image)
    return corners_of(np.diag([-1, -1, 1, 1]) @ matrix, itk.size(image))


def image_on(matrix: np.ndarray, data: np.ndarray):
    """ITK image of voxels [x, y, z] on the grid of an affine."""
    image = itk.image_from_array(np.ascontiguousarray(data.T))
    to_itk = np.diag([-1, -1, 1, 1]) @ matrix
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    image.SetSpacing(spacing)
    image.SetOrigin(to_itk[:3, 3])
    image.SetDirection(itk.matrix_from_array(to_itk[:3, :3] / spacing))
    return image


# --- forms


@pytest.mark.parametrize("extension", [".nii", ".nii.gz"])
@pytest.mark.parametrize(
    ("sform", "qform", "used"),
    [
        ((HERE, SCANNER), (HERE, SCANNER), HERE),
        ((MOVED, ALIGNED), (HERE, SCANNER), MOVED),
        ((TURNED, MNI), (HERE, SCANNER), TURNED),
        ((STRETCHED, MNI), (HERE, SCANNER), STRETCHED),
        ((HERE, SCANNER), (MOVED, ALIGNED), HERE),
        ((TURNED, MNI), None, TURNED),
        (None, (TURNED, ALIGNED), TURNED),
        ((affine(np.diag([-1.0, 1, 1])), SCANNER), (affine(np.diag([-1.0, 1, 1]), offset=(9, 9, 9)), 2), None),
        ((SHEARED, MNI), (HERE, SCANNER), HERE),
    ],
    ids=[
        "agree",
        "moved",
        "turned",
        "stretched",
        "moved qform",
        "sform only",
        "qform only",
        "flipped",
        "sheared sform",
    ],
)
def test_each_form_of_a_result_lies_on_that_of_its_input(extension, sform, qform, used, arssr, tmp_path):
    scan, target = write_nifti(tmp_path / f"in{extension}", sform=sform, qform=qform), tmp_path / f"out{extension}"
    result = arssr("upscale", scan, target, "--scale", "2,1.5,1")
    assert result.exit_code == 0, result.stderr
    before, after = forms_of(scan), forms_of(target)
    assert sorted(after) == sorted(before)
    for name, (corners, code) in before.items():
        np.testing.assert_allclose(after[name][0], corners, atol=PRECISION)
        assert after[name][1] == code
    # ITK chooses by rules of its own: whichever form it chooses, it chooses the same for both.
    np.testing.assert_allclose(itk_corners(itk.imread(str(target))), itk_corners(itk.imread(str(scan))), atol=1e-3)
    if used is not None:
        expected = upscale(image_on(used, voxels()), scale_factors=[2, 1.5, 1])
        np.testing.assert_allclose(pixels(itk.imread(str(target))), pixels(expected), atol=1e-3)


@pytest.mark.parametrize(
    ("sform", "qform", "message"),
    [
        ((HERE, SCANNER), (HERE, SCANNER), None),
        ((HERE, SCANNER), (affine(offset=(10.002, -20, 30)), SCANNER), None),
        ((HERE, SCANNER), None, None),
        (
            (MOVED, MNI),
            (HERE, SCANNER),
            f"its sform (MNI) and its qform (scanner) differ by up to {largest(MOVED, HERE):.3g} mm: the sform is used",
        ),
        (
            (SHEARED, ALIGNED),
            (MOVED, SCANNER),
            "its sform (aligned) is sheared, with axes at 73.3°: the qform (scanner) is used, which differs by up to "
            f"{largest(SHEARED, MOVED):.3g} mm",
        ),
    ],
    ids=["agree", "nearly agree", "one", "differ", "sheared"],
)
def test_a_choice_of_form_is_noted_with_the_distance(sform, qform, message, arssr, tmp_path):
    scan = write_nifti(tmp_path / "in.nii", sform=sform, qform=qform)
    result = arssr("upscale", scan, tmp_path / "out.nii", "--scale", 1.5)
    assert result.exit_code == 0, result.stderr
    said = words(result.stdout)
    assert f"note: {message}" in said if message else "note:" not in said


def test_formats_with_one_place_keep_the_form_that_was_used(arssr, tmp_path):
    scan = write_nifti(tmp_path / "in.nii", sform=(MOVED, MNI), qform=(HERE, SCANNER))
    result = arssr("upscale", scan, tmp_path / "out.mha", "--scale", 2)
    assert "the sform is used" in words(result.stdout)
    written = itk.imread(str(tmp_path / "out.mha"))
    np.testing.assert_allclose(itk_corners(written), corners_of(MOVED, SIZE), atol=PRECISION)


def test_without_forms_a_result_has_none_either_with_a_note(arssr, tmp_path):
    scan, target = write_nifti(tmp_path / "in.nii"), tmp_path / "out.nii"
    result = arssr("upscale", scan, target, "--scale", 2)
    assert "note: it has neither sform nor qform: its first voxel is put at (0, 0, 0)" in words(result.stdout)
    assert forms_of(target) == {}
    # Software that puts the middle of such images at the origin finds the result on its input.
    one, other = nibabel.load(scan), nibabel.load(target)
    np.testing.assert_allclose(corners_of(other.affine, other.shape), corners_of(one.affine, SIZE), atol=PRECISION)
    np.testing.assert_allclose(other.header.get_zooms(), np.array(SPACING) / 2)


def test_a_sheared_sform_alone_is_refused_with_what_to_do(arssr, tmp_path):
    scan = write_nifti(tmp_path / "in.nii", sform=(SHEARED, MNI))
    result = arssr("upscale", scan, tmp_path / "out.nii", "--scale", 2)
    assert result.exit_code == 1
    assert re.search(r"sform \(MNI\) with axes at 73.3°, up to \S+ mm from any grid with right angles", result.stderr)
    assert "Resample the image first (nibabel.processing.resample_to_output" in result.stderr
    assert not (tmp_path / "out.nii").exists()


def test_a_rounded_sform_is_corrected(arssr, tmp_path):
    rounded = HERE.copy()
    rounded[:3, :3] = np.round(affine(OBLIQUE + 0.004 * OBLIQUE[:, [1, 2, 0]])[:3, :3], 2)
    scan = write_nifti(tmp_path / "in.nii", sform=(rounded, SCANNER))
    result = arssr("upscale", scan, tmp_path / "out.nii", "--scale", 2)
    assert result.exit_code == 0, result.stderr
    told = re.search(r"note: the axes of its sform are not quite at right angles: .* by up to (\S+) mm", result.stdout)
    corners = forms_of(tmp_path / "out.nii")["sform"][0]
    assert np.linalg.norm(corners - corners_of(rounded, SIZE), axis=1).max() == pytest.approx(float(told[1]), rel=0.01)
    assert itk.imread(str(tmp_path / "out.nii")) is not None  # which refuses shear


def test_voxel_sizes_are_those_of_the_sform(arssr, tmp_path):
    scan = write_nifti(
        tmp_path / "in.nii", sform=(HERE, SCANNER), change=lambda header: header["pixdim"].__setitem__(3, 5)
    )
    result = arssr("upscale", scan, tmp_path / "out.nii", "--spacing", "0.5,0.4,1.25")
    assert "voxels of 1×0.8×2.5 mm and its pixdim of 1×0.8×5 mm: the sform is used" in words(result.stdout)
    np.testing.assert_allclose(forms_of(tmp_path / "out.nii")["sform"][0], corners_of(HERE, SIZE), atol=PRECISION)
    assert nibabel.load(tmp_path / "out.nii").shape == (18, 16, 14)


@pytest.mark.parametrize(("unit", "scale", "name"), [("micron", 1e-3, "micrometres"), ("meter", 1e3, "metres")])
def test_units_of_length_are_kept(unit, scale, name, arssr, tmp_path):
    matrix = np.diag([1 / scale, 1 / scale, 1 / scale, 1]) @ HERE
    scan = write_nifti(
        tmp_path / "in.nii",
        sform=(matrix, SCANNER),
        qform=(matrix, SCANNER),
        change=lambda header: header.set_xyzt_units(unit),
    )
    target = tmp_path / "out.nii"
    result = arssr("upscale", scan, target, "--scale", 2)
    assert f"its lengths are in {name}" in result.stdout
    assert "of 0.5×0.4×1.25 mm" in result.stdout
    assert nibabel.load(target).header.get_xyzt_units()[0] == unit
    for form in ("sform", "qform"):
        np.testing.assert_allclose(forms_of(target)[form][0] * scale, corners_of(HERE, SIZE), atol=PRECISION)
    np.testing.assert_allclose(itk.spacing(itk.imread(str(target))), np.array(SPACING) / 2, rtol=1e-6)


# --- forms of --like and of residual maps


def test_a_result_like_another_image_has_its_forms(arssr, tmp_path):
    scan = write_nifti(tmp_path / "in.nii", sform=(HERE, ALIGNED), qform=(MOVED, SCANNER))
    reference = affine(spacing=(0.7, 0.7, 0.7))
    like = write_nifti(
        tmp_path / "like.nii", voxels(size=(12, 9, 20)), sform=(reference, ALIGNED), qform=(TURNED, SCANNER)
    )
    result = arssr("upscale", scan, tmp_path / "out.nii", "--like", like)
    assert result.exit_code == 0, result.stderr
    assert "like.nii: its sform (aligned) and its qform (scanner) differ" in words(result.stdout)
    before, after = forms_of(like), forms_of(tmp_path / "out.nii")
    for form in ("sform", "qform"):
        np.testing.assert_allclose(after[form][0], before[form][0], atol=PRECISION)
        assert after[form][1] == before[form][1]
    grid = image_on(reference, voxels(size=(12, 9, 20)))
    expected = upscale(image_on(HERE, voxels()), reference_image=grid, use_reference_image=True)
    np.testing.assert_allclose(pixels(itk.imread(str(tmp_path / "out.nii"))), pixels(expected), atol=1e-3)


def test_a_result_like_an_image_of_another_format_keeps_the_forms_of_its_scan(arssr, write, tmp_path):
    scan = write_nifti(tmp_path / "in.nii", sform=(HERE, MNI), qform=(MOVED, SCANNER))
    reference = affine(spacing=(0.5, 0.4, 1.25), offset=(10.5, -20, 30))
    like = write("like.mha", image_on(reference, voxels(size=(8, 8, 8))))
    result = arssr("upscale", scan, tmp_path / "out.nii", "--like", like)
    assert result.exit_code == 0, result.stderr
    assert "like.mha is in no standard space, the image in MNI space" in words(result.stdout)
    written = forms_of(tmp_path / "out.nii")
    shift = (MOVED - HERE)[:3, 3]
    corners = corners_of(reference, (8, 8, 8))
    np.testing.assert_allclose(written["sform"][0], corners, atol=PRECISION)
    np.testing.assert_allclose(written["qform"][0], corners + shift, atol=PRECISION)
    assert (written["sform"][1], written["qform"][1]) == (MNI, SCANNER)


def test_residual_maps_have_the_forms_of_their_scan(arssr, tmp_path):
    scan = write_nifti(tmp_path / "in.nii", sform=(MOVED, MNI), qform=(HERE, SCANNER))
    result = arssr("upscale", scan, tmp_path / "out.nii", "--scale", 2, "--residual", tmp_path / "residual.nii.gz")
    assert result.exit_code == 0, result.stderr
    before, after = forms_of(scan), forms_of(tmp_path / "residual.nii.gz")
    for form in ("sform", "qform"):
        np.testing.assert_allclose(after[form][0], before[form][0], atol=PRECISION)
        assert after[form][1] == before[form][1]


# --- kinds of files


def compressed(path: Path) -> None:
    path.write_bytes(gzip.compress(path.read_bytes()))


def in_two_members(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(gzip.compress(data[:1000]) + gzip.compress(data[1000:]) + bytes(512))


@pytest.mark.parametrize(
    ("name", "dtype", "kind", "treat"),
    [
        ("plain.nii.gz", "<f4", nibabel.Nifti1Image, lambda path: path.write_bytes(gzip.decompress(path.read_bytes()))),
        ("packed.nii", "<f4", nibabel.Nifti1Image, compressed),
        ("members.nii", "<i2", nibabel.Nifti1Image, in_two_members),
        ("big.nii", ">f4", nibabel.Nifti1Image, None),
        ("big.nii.gz", ">i2", nibabel.Nifti1Image, None),
        ("two.nii", "<f8", nibabel.Nifti2Image, None),
        ("two.nii.gz", ">u1", nibabel.Nifti2Image, None),
        ("pair.hdr", "<i2", nibabel.Nifti1Pair, None),
        ("pair.img", ">f8", nibabel.Nifti1Pair, None),
        ("pair2.hdr", "<f4", nibabel.Nifti2Pair, None),
        ("long.nii", "<i8", nibabel.Nifti1Image, None),
    ],
)
def test_kinds_of_nifti_are_read_alike(name, dtype, kind, treat, arssr, tmp_path):
    data = voxels(dtype)
    scan = write_nifti(tmp_path / name, data, (HERE, SCANNER), (HERE, SCANNER), kind)
    if treat is not None:
        treat(scan)
    result = arssr("upscale", scan, tmp_path / "out.nii", "--scale", 2)
    assert result.exit_code == 0, result.stderr
    own = data.astype("f4" if dtype[1:] == "i8" else dtype[1:])
    written = itk.imread(str(tmp_path / "out.nii"))
    expected = upscale(image_on(HERE, own), scale_factors=2)
    assert type(written) is type(expected)
    np.testing.assert_allclose(pixels(written), pixels(expected), atol=1e-3 if own.dtype.kind == "f" else 1)
    np.testing.assert_allclose(itk_corners(written), corners_of(HERE, SIZE), atol=PRECISION)


def test_analyze_has_no_place_with_a_note(arssr, tmp_path):
    scan = write_nifti(tmp_path / "in.hdr", voxels("<i2"), kind=nibabel.AnalyzeImage)
    result = arssr("upscale", scan, tmp_path / "out.nii", "--scale", 1)
    assert result.exit_code == 0, result.stderr
    assert "note: Analyze 7.5 has no position or orientation" in words(result.stdout)
    assert forms_of(tmp_path / "out.nii") == {}
    written = nibabel.load(tmp_path / "out.nii")
    np.testing.assert_allclose(written.header.get_zooms(), SPACING, rtol=1e-6)
    expected = upscale(itk.image_from_array(np.ascontiguousarray(voxels("<i2").T)), scale_factors=1)
    np.testing.assert_array_equal(np.asarray(written.dataobj).T, pixels(expected))


def test_the_scale_factor_of_spm_in_analyze_is_applied_with_a_note(arssr, tmp_path):
    scan = write_nifti(tmp_path / "in.hdr", voxels("<i2"), kind=nibabel.AnalyzeImage)
    patch(scan, scl_slope=0.5)
    result = arssr("upscale", scan, tmp_path / "out.nii", "--scale", 1)
    assert "note: its intensities are multiplied by 0.5" in words(result.stdout)
    own = (voxels("<i2") * np.float32(0.5)).T
    expected = upscale(itk.image_from_array(np.ascontiguousarray(own)), scale_factors=1)
    np.testing.assert_array_equal(np.asarray(nibabel.load(tmp_path / "out.nii").dataobj).T, pixels(expected))


@pytest.mark.parametrize(
    ("slope", "intercept", "factor", "offset"),
    [(0, 100, 1, 0), (np.nan, 100, 1, 0), (np.inf, 3, 1, 0), (1, 0, 1, 0), (0.5, -100, 0.5, -100), (-2, 7, -2, 7)],
)
def test_a_slope_of_zero_means_none(slope, intercept, factor, offset, arssr, tmp_path):
    scan = write_nifti(tmp_path / "in.nii", voxels("<i2"), (HERE, SCANNER), (HERE, SCANNER))
    patch(scan, scl_slope=slope, scl_inter=intercept)
    result = arssr("upscale", scan, tmp_path / "out.nii", "--scale", 1)
    assert result.exit_code == 0, result.stderr
    own = voxels("<i2") if (factor, offset) == (1, 0) else (voxels("<i2") * factor + offset).astype("f4")
    expected = upscale(image_on(HERE, own), scale_factors=1)
    written = itk.imread(str(tmp_path / "out.nii"))
    assert type(written) is type(expected)
    np.testing.assert_allclose(pixels(written), pixels(expected), atol=1e-3 if own.dtype.kind == "f" else 1)


# --- damage


def cut(path: Path, count: int) -> None:
    path.write_bytes(path.read_bytes()[:count])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: patch(path, vox_offset=np.inf), "first voxel at byte inf"),
        (lambda path: patch(path, vox_offset=np.nan), "first voxel at byte nan"),
        (lambda path: patch(path, vox_offset=-352), "first voxel at byte -352"),
        (lambda path: patch(path, vox_offset=100), "first voxel at byte 100"),
        (lambda path: patch(path, vox_offset=1e9), "is incomplete: 2368 of 1000002016 bytes"),
        (lambda path: patch(path, dim=[0, 9, 8, 7, 1, 1, 1, 1]), "0 dimensions"),
        (lambda path: patch(path, dim=[-3, 9, 8, 7, 1, 1, 1, 1]), "-3 dimensions"),
        (lambda path: patch(path, dim=[3, 9, -8, 7, 1, 1, 1, 1]), r"sizes of \[9, -8, 7\] voxels"),
        (lambda path: patch(path, dim=[3, 9, 8, 0, 1, 1, 1, 1]), r"sizes of \[9, 8, 0\] voxels"),
        (lambda path: patch(path, dim=[3, 30000, 30000, 30000, 1, 1, 1, 1]), "is incomplete: 2368 of 1080000"),
        (lambda path: patch(path, dim=[4, 9, 8, 3, 2, 1, 1, 1]), "has 4 dimensions"),
        (lambda path: patch(path, datatype=3), "voxels of type 3, which does not exist"),
        (lambda path: patch(path, datatype=1536), r"type 1536 \(float128\).* convert it to float32"),
        (lambda path: patch(path, datatype=1), r"type 1 \(one bit\)"),
        (lambda path: patch(path, datatype=32), "is incomplete|2 values per voxel"),
        (lambda path: patch(path, magic=b"abc"), "header ends with b'abc"),
        (lambda path: patch(path, magic=b"ni1"), "its voxels are expected in in.img"),
        (lambda path: patch(path, scl_slope=1, scl_inter=np.nan), "intercept of nan"),
        (lambda path: patch(path, scl_slope=1e-20), "slope 1e-20"),
        (lambda path: patch(path, sform_code=0, pixdim=[1, 1, 0, 1, 1, 1, 1, 1]), "voxels of 1×0×1"),
        (lambda path: patch(path, sform_code=0, pixdim=[1, 1, np.nan, 1, 1, 1, 1, 1]), "voxels of 1×nan×1"),
        (lambda path: patch(path, sform_code=0, qform_code=0, pixdim=[1, np.inf, 1, 1, 1, 1, 1, 1]), "of inf×1×1"),
        (lambda path: patch(path, sform_code=0, quatern_b=np.nan), "qform .* is not a rotation and is ignored"),
        (lambda path: patch(path, sform_code=0, quatern_b=3), "qform .* is not a rotation"),
        (lambda path: patch(path, qform_code=0, srow_x=[0, 0, 0, 0]), "sform .* does not span a volume"),
        (lambda path: patch(path, qform_code=0, srow_y=[np.nan] * 4), "sform .* does not span a volume"),
        (lambda path: cut(path, 200), "is incomplete: 200 of the 348 bytes of its header"),
        (lambda path: cut(path, 350), "is incomplete: 350 of 2368 bytes"),
        (lambda path: cut(path, 2367), "is incomplete: 2367 of 2368 bytes"),
        (lambda path: path.write_bytes(gzip.compress(path.read_bytes())[:-9]), "compressed data ends early"),
        (lambda path: path.write_bytes(gzip.compress(path.read_bytes())[:-8] + bytes(8)), "fails its checksum"),
        (lambda path: path.write_bytes(gzip.compress(gzip.compress(path.read_bytes()))), "compressed twice"),
    ],
)
def test_damaged_headers_are_explained(change, message, arssr, tmp_path):
    scan = write_nifti(tmp_path / "in.nii", sform=(HERE, SCANNER), qform=(HERE, SCANNER))
    change(scan)
    result = arssr("upscale", scan, tmp_path / "out.nii", "--scale", 2)
    assert result.exit_code == 1
    assert re.search(f"Error: .*in.nii.*{message}", words(result.stderr)), result.stderr
    assert not (tmp_path / "out.nii").exists()


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (
            {"pixdim": [1, 1, -0.8, 2.5, 1, 1, 1, 1], "sform_code": 0},
            "voxels of 1×-0.8×2.5 (pixdim); the signs are ign",
        ),
        ({"quatern_b": np.nan}, "its qform (quaternion [nan"),
        ({"pixdim": [1, 0, 0, 0, 1, 1, 1, 1]}, "is not a rotation and is ignored"),
        ({"srow_x": [0, 0, 0, 0]}, "does not span a volume and is ignored"),
    ],
    ids=["negative voxel size", "bad qform", "no voxel size", "bad sform"],
)
def test_damage_that_a_good_form_makes_up_for_is_noted(change, note, arssr, tmp_path):
    scan = write_nifti(tmp_path / "in.nii", sform=(HERE, SCANNER), qform=(HERE, SCANNER))
    patch(scan, **change)
    result = arssr("upscale", scan, tmp_path / "out.nii", "--scale", 2)
    assert result.exit_code == 0, result.stderr
    assert f"note: {note}" in words(result.stdout) or note in words(result.stdout)
    written = itk.imread(str(tmp_path / "out.nii"))
    np.testing.assert_allclose(itk_corners(written), corners_of(HERE, SIZE), atol=PRECISION)


def test_extensions_of_the_header_are_passed_over(arssr, tmp_path):
    scan = write_nifti(tmp_path / "in.nii", sform=(HERE, SCANNER), qform=(HERE, SCANNER))
    data = scan.read_bytes()
    # An extension with an invalid length, before voxels at vox_offset.
    scan.write_bytes(data[:348] + b"\1\0\0\0" + (7777).to_bytes(4, "little") + bytes(28) + data[352:])
    patch(scan, vox_offset=384)
    result = arssr("upscale", scan, tmp_path / "out.nii", "--scale", 2)
    assert result.exit_code == 0, result.stderr
    expected = upscale(image_on(HERE, voxels()), scale_factors=2)
    np.testing.assert_allclose(pixels(itk.imread(str(tmp_path / "out.nii"))), pixels(expected), atol=1e-3)


def test_an_omitted_offset_is_that_after_the_header(arssr, tmp_path):
    scan = write_nifti(tmp_path / "in.nii", sform=(HERE, SCANNER), qform=(HERE, SCANNER))
    patch(scan, vox_offset=0)
    assert arssr("upscale", scan, tmp_path / "out.nii", "--scale", 1).exit_code == 0
    expected = upscale(image_on(HERE, voxels()), scale_factors=1)
    np.testing.assert_allclose(pixels(itk.imread(str(tmp_path / "out.nii"))), pixels(expected), atol=1e-3)


# --- NaN and infinite voxels


def holed(dtype="<f4", size=SIZE) -> np.ndarray:
    """Voxels with two NaN and one infinite one, the first at (2, 1, 0)."""
    data = voxels(dtype, size)
    data[2, 1, 0] = data[0, 0, 3] = np.nan
    data[8, 7, 6] = -np.inf
    return data


@pytest.mark.parametrize(
    ("name", "dtype", "kind"),
    [
        ("in.nii", "<f4", nibabel.Nifti1Image),
        ("in.nii.gz", "<f4", nibabel.Nifti1Image),
        ("in.nii", ">f8", nibabel.Nifti1Image),
        ("in.nii.gz", "<f8", nibabel.Nifti2Image),
        ("in.hdr", ">f4", nibabel.Nifti1Pair),
        ("in.hdr", "<f4", nibabel.AnalyzeImage),
        ("in.mha", "<f4", None),
        ("in.nrrd", "<f8", None),
    ],
)
@pytest.mark.parametrize("command", ["upscale", "compare", "evaluate"])
def test_nan_and_infinite_voxels_are_refused_in_every_format(name, dtype, kind, command, arssr, write, tmp_path):
    data = holed(dtype)
    if kind is None:
        scan = write(name, image_on(HERE, data))
    else:
        scan = write_nifti(tmp_path / name, data, (HERE, SCANNER), (HERE, SCANNER), kind)
    arguments = {
        "upscale": (scan, tmp_path / "out.nii", "--scale", 2),
        "compare": (scan, scan),
        "evaluate": (scan, "--out", tmp_path / "evaluation"),
    }[command]
    result = arssr(command, *arguments)
    assert result.exit_code == 1
    assert f"{name} has 2 NaN and 1 infinite of 504 voxels, the first at index [2, 1, 0] (x, y, z)" in result.stderr
    assert not (tmp_path / "out.nii").exists()


# --- training


@pytest.fixture
def train(arssr, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: arssr("train", *arguments, "--config", write_recipe(tmp_path), "--no-tensorboard")


@pytest.mark.parametrize(("name", "kind"), [("in.nii", nibabel.Nifti1Image), ("in.nii.gz", nibabel.Nifti2Image)])
def test_training_refuses_nan(name, kind, train, tmp_path):
    path = write_nifti(tmp_path / "data" / name, holed(size=TRAINING_SIZE), (HERE, SCANNER), (HERE, SCANNER), kind)
    result = train(path)
    assert result.exit_code == 1
    assert f"{name} has 2 NaN and 1 infinite of 13728 voxels" in words(result.stderr)
    assert not (tmp_path / "runs").exists()


def test_training_reads_what_the_other_commands_read(train, tmp_path):
    data = np.array(voxels(size=TRAINING_SIZE))
    models = []
    for name, kind in (("a.nii", nibabel.Nifti1Image), ("b.nii.gz", nibabel.Nifti2Image)):
        path = write_nifti(tmp_path / name, data, (MOVED, MNI), (HERE, SCANNER), kind)
        result = train(path, "--out", f"{name}.safetensors")
        assert result.exit_code == 0, result.stderr
        assert f"note: {name}: its sform (MNI) and its qform (scanner) differ" in words(result.stdout)
        model = itk.ArSSRModel.New()
        model.ReadFile(str(tmp_path / f"{name}.safetensors"))
        models.append(model)
    image = make_image()
    results = [pixels(upscale(image, model=model, scale_factors=2)) for model in models]
    np.testing.assert_array_equal(*results)


def test_other_commands_note_the_choice(arssr, tmp_path):
    path = write_nifti(tmp_path / "a.nii", voxels(size=(24, 24, 24)), (MOVED, MNI), (HERE, SCANNER))
    result = arssr("compare", path, path)
    assert result.exit_code == 0, result.stderr
    assert "note: a.nii: its sform (MNI) and its qform (scanner) differ" in words(result.stdout)
    result = arssr("evaluate", path, "--scales", 2, "--iterations", 0, "--border", 2, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert "note: a.nii: its sform (MNI) and its qform (scanner) differ" in words(result.stdout)
