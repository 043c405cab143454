"""Arithmetic and headers of NIfTI, against nibabel and ITK."""

import gzip
from functools import partial
from pathlib import Path

import itk
import nibabel
import numpy as np
import pytest
from conftest import OBLIQUE, make_image, pixels
from itk_arssr.common.errors import UserError
from itk_arssr.images import io
from itk_arssr.images.finite import NonFiniteCount
from itk_arssr.images.nifti import recognised, stream
from itk_arssr.images.nifti import voxels as voxel_checks
from itk_arssr.images.nifti.affines import (
    from_quaternion,
    largest_distance,
    nearest_grid,
    smallest_angle,
    spans_a_volume,
    to_quaternion,
    voxel_sizes,
)
from itk_arssr.images.nifti.header import read_header
from itk_arssr.images.nifti.space import Form, Space, itk_grid
from itk_arssr.images.nifti.writing import write_nifti as write_result
from itk_arssr.images.sources import Source
from nibabel.quaternions import mat2quat
from nifti_files import SIZE, affine, corners_of, forms_of, patch, voxels, write_nifti

ROTATIONS = [
    np.eye(3),
    OBLIQUE,
    np.diag([-1.0, -1, 1]),
    np.diag([1.0, -1, -1]),
    np.diag([-1.0, 1, -1]),
    OBLIQUE[:, [1, 2, 0]],
    OBLIQUE @ np.diag([1, 1, -1]),
    np.diag([-1.0, 1, 1]),
    -np.eye(3),
]


# --- affines


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_quaternions_are_those_of_nibabel(rotation):
    matrix = affine(rotation)
    quaternion, handedness = to_quaternion(matrix)
    assert handedness == pytest.approx(np.linalg.det(rotation))
    np.testing.assert_allclose(
        from_quaternion(quaternion, matrix[:3, 3], voxel_sizes(matrix), handedness), matrix, atol=1e-12
    )
    expected = mat2quat(rotation * (1, 1, handedness))
    expected = expected if expected[0] >= 0 else -expected
    if expected[0] > 1e-9:
        np.testing.assert_allclose(quaternion, expected[1:], atol=1e-12)


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_a_qform_is_that_of_nibabel(rotation, tmp_path):
    path = write_nifti(tmp_path / "a.nii", qform=(affine(rotation), 1))
    space = recognised(path).space
    np.testing.assert_allclose(space.grid, nibabel.load(path).affine, atol=1e-5)


@pytest.mark.parametrize("quaternion", [(0.8, 0.8, 0.0), (np.nan, 0, 0), (np.inf, 0, 0)])
def test_numbers_that_are_no_rotation_make_no_matrix(quaternion):
    assert from_quaternion(quaternion, (0, 0, 0), (1, 1, 1), 1) is None


def test_a_quaternion_may_be_a_little_too_long():
    matrix = from_quaternion((0.6001, 0.8, 0.0), (0, 0, 0), (1, 1, 1), 1)
    np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-12)


def test_the_nearest_grid_keeps_the_middle_and_the_sizes():
    sheared = affine(OBLIQUE @ [[1, 0.02, 0], [0, 1, 0.01], [0, 0, 1]])
    near = nearest_grid(sheared, SIZE)
    assert smallest_angle(near) == pytest.approx(90)
    np.testing.assert_allclose(voxel_sizes(near), voxel_sizes(sheared))
    middle = [*((np.array(SIZE) - 1) / 2), 1]
    np.testing.assert_allclose(near @ middle, sheared @ middle)
    # No slightly rotated grid is nearer.
    best = largest_distance(near, sheared, SIZE)
    for axis in range(3):
        for angle in (-0.02, 0.02):
            turned = near.copy()
            cross = np.cross(np.eye(3)[axis], near[:3, :3], axisb=0).T
            turned[:3, :3] = near[:3, :3] + angle * cross
            assert np.linalg.norm(turned[:3, :3] - sheared[:3, :3]) > np.linalg.norm(near[:3, :3] - sheared[:3, :3])
    assert best == pytest.approx(np.linalg.norm(corners_of(near, SIZE) - corners_of(sheared, SIZE), axis=1).max())


def test_angles_are_measured_between_axes():
    assert smallest_angle(affine(np.eye(3))) == pytest.approx(90)
    leaning = affine(np.array([[1, np.cos(np.radians(80)), 0], [0, np.sin(np.radians(80)), 0], [0, 0, 1]]))
    assert smallest_angle(leaning) == pytest.approx(80)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (affine(), True),
        (affine(offset=(np.nan, 0, 0)), False),
        (affine(spacing=(1, 0, 1)), False),
        (affine(spacing=(1, 1e-30, 1)), False),
        (affine(spacing=(1, 1e30, 1)), False),
        (affine(np.array([[1.0, 2, 0], [1, 2, 0], [0, 0, 1]])), False),
    ],
)
def test_a_form_must_span_a_volume(matrix, expected):
    assert spans_a_volume(matrix) == expected


# --- spaces


@pytest.mark.parametrize("used", ["sform", "qform"])
def test_forms_follow_the_grid(used):
    sform, qform = affine(spacing=(1, 1, 1)), affine(np.eye(3), spacing=(1, 1, 1), offset=(5, 5, 5))
    grid = {"sform": sform, "qform": qform}[used]
    finer = np.diag([0.5, 0.5, 0.25, 1])
    finer[:3, 3] = (-0.25, -0.25, -0.375)
    moved = Space(grid, used, Form(sform, 4), Form(qform, 1)).on(grid @ finer)
    np.testing.assert_allclose(moved.sform.matrix, sform @ finer, atol=1e-12)
    np.testing.assert_allclose(moved.qform.matrix, qform @ finer, atol=1e-12)
    assert (moved.sform.code, moved.qform.code) == (4, 1)


def test_a_qform_is_left_out_where_it_would_be_sheared():
    stretched = affine(np.eye(3), spacing=(1, 2, 3))
    space = Space(
        affine(np.eye(3), spacing=(1, 1, 1)), "sform", Form(affine(np.eye(3), spacing=(1, 1, 1)), 4), Form(stretched, 1)
    )
    assert space.on(affine(OBLIQUE, spacing=(1, 1, 1))).qform is None
    assert space.on(affine(np.eye(3), spacing=(2, 2, 2))).qform is not None


def test_grids_of_itk_turn_two_axes():
    image = make_image(spacing=(1, 2, 3), origin=(10, 20, 30), direction=OBLIQUE)
    for index in ((0, 0, 0), (3, 4, 5)):
        place = itk_grid(image) @ (*index, 1)
        np.testing.assert_allclose(place[:3] * (-1, -1, 1), image.TransformIndexToPhysicalPoint(index))


# --- headers


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.nii", nibabel.Nifti1Image),
        ("a.nii.gz", nibabel.Nifti1Image),
        ("a.nii", nibabel.Nifti2Image),
        ("a.hdr", nibabel.Nifti1Pair),
        ("a.hdr", nibabel.Nifti2Pair),
        ("a.hdr", nibabel.AnalyzeImage),
    ],
)
def test_fields_are_those_that_nibabel_reads(name, kind, order, tmp_path):
    path = write_nifti(tmp_path / name, voxels(f"{order}i2"), (affine(), 4), (affine(OBLIQUE.T), 1), kind)
    image = nibabel.load(path)
    header, expected = read_header(path), image.header
    assert header.byte_order == order == expected.endianness
    assert header.size == SIZE
    assert header.voxel_type == expected.get_data_dtype()
    assert header.offset == image.dataobj.offset
    np.testing.assert_array_equal(header.pixdim, expected["pixdim"])
    if kind is not nibabel.AnalyzeImage:
        assert (header.sform_code, header.qform_code) == (4, 1)
        np.testing.assert_array_equal(header.srow, expected.get_sform()[:3])
        np.testing.assert_array_equal(header.quaternion, [expected[f"quatern_{name}"] for name in "bcd"])
        np.testing.assert_array_equal(header.qoffset, [expected[f"qoffset_{name}"] for name in "xyz"])
        assert header.unit == 2


def test_a_wrong_length_in_the_header_is_no_harm(tmp_path):
    path = patch(write_nifti(tmp_path / "a.nii", voxels(">f4"), (affine(), 1)), sizeof_hdr=0)
    assert read_header(path).byte_order == ">"


@pytest.mark.parametrize("name", ["a.mha", "a.nrrd", "a.tif"])
def test_other_formats_are_not_recognised(name, write):
    assert recognised(write(name, make_image(pixel_type=itk.UC))) is None


def test_a_foreign_header_is_not_recognised(tmp_path):
    (tmp_path / "a.hdr").write_text("ENVI\n" + "samples = 100\n" * 60)
    assert recognised(tmp_path / "a.hdr") is None


def test_too_many_voxels_along_an_axis_are_refused(tmp_path):
    path = write_nifti(tmp_path / "a.nii", np.zeros((40000, 1, 1), np.uint8), (affine(), 1), kind=nibabel.Nifti2Image)
    with pytest.raises(UserError, match="40000 voxels along an axis"):
        recognised(path)
    image = itk.Image[itk.F, 3].New(Regions=[40000, 2, 2])
    with pytest.raises(UserError, match=r"40000×2×2 voxels.*write \.mha"):
        io.check_fits(tmp_path / "out.nii.gz", image)


# --- voxels


@pytest.mark.parametrize("is_packed", [False, True])
def test_files_are_read_in_pieces(is_packed, tmp_path):
    content = np.random.default_rng(1).integers(0, 5, 1000, np.uint8).tobytes()
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(content[:400]) + gzip.compress(content[400:]) if is_packed else content)
    assert b"".join(stream.pieces(path, 7)) == content
    assert max(map(len, stream.pieces(path, 7))) <= 7
    assert stream.first_bytes(path, 540) == content[:540]


def test_a_file_that_swells_is_unpacked_in_bounded_memory(tmp_path):
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(bytes(2**26)))
    pieces = [len(piece) for piece in stream.pieces(tmp_path / "a.nii.gz")]
    assert max(pieces) <= stream.PIECE_BYTES
    assert sum(pieces) == 2**26


@pytest.mark.parametrize("length", [1, 7, 1000, 10**6])
@pytest.mark.parametrize("dtype", ["<f4", ">f8"])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_non_finite_voxels_are_counted_whatever_the_pieces(name, dtype, length, tmp_path, monkeypatch):
    data = voxels(dtype)
    data[5, 2, 0] = data[1, 1, 1] = np.inf
    data[0, 0, 6] = np.nan
    path = write_nifti(tmp_path / name, data, (affine(), 1))
    monkeypatch.setattr(voxel_checks, "pieces", partial(stream.pieces, at_most=length))
    with pytest.raises(UserError, match=r"1 NaN and 2 infinite of 504 voxels, the first at index \[5, 2, 0\]"):
        recognised(path).check_voxels()


def test_what_follows_the_voxels_is_not_looked_at(tmp_path):
    path = write_nifti(tmp_path / "a.nii", sform=(affine(), 1))
    path.write_bytes(path.read_bytes() + np.full(10, np.nan, "<f4").tobytes())
    recognised(path).check_voxels()


def test_counts_need_not_be_in_one_piece():
    count = NonFiniteCount((4, 3, 2))
    for piece in (np.zeros(7), np.array([0, np.nan, np.inf]), np.zeros(14)):
        count.add(piece)
    with pytest.raises(UserError, match=r"a has 1 NaN and 1 infinite of 24 voxels, the first at index \[0, 2, 0\]"):
        count.check(Path("a"))


# --- what ITK is given


def test_reading_leaves_no_file_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    path = write_nifti(tmp_path / "a.nii", sform=(affine(), 1))
    volume = io.read(Source(path))
    assert list((tmp_path / "tmp").iterdir()) == []
    np.testing.assert_array_equal(pixels(volume.image), voxels().T)
    lazy = io.open_lazily(Source(path))
    for _ in range(2):
        lazy.reader.Update()
        np.testing.assert_array_equal(pixels(lazy.reader.GetOutput()), voxels().T)
        lazy.reader.GetOutput().ReleaseData()
    del lazy
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_link_to_a_file_in_another_folder_is_read(tmp_path, monkeypatch):
    path = write_nifti(tmp_path / "far" / "a.nii", sform=(affine(), 1))
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "link.nii").symlink_to(path)
    monkeypatch.chdir(tmp_path / "near")
    np.testing.assert_array_equal(pixels(io.read(Source(Path("link.nii"))).image), voxels().T)


# --- what is written


@pytest.mark.parametrize("pixel_type", [itk.UC, itk.SS, itk.US, itk.F, itk.D])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "A.NII.GZ"])
def test_written_files_are_read_by_itk_and_nibabel(name, pixel_type, tmp_path):
    image = make_image((5, 6, 7), pixel_type, (1, 0.8, 2.5), (10, -20, 30), OBLIQUE)
    write_result(image, tmp_path / name, None)
    again = itk.imread(str(tmp_path / name))
    assert type(again) is type(image)
    np.testing.assert_array_equal(pixels(again), pixels(image))
    for own, other in ((itk.spacing(image), itk.spacing(again)), (itk.origin(image), itk.origin(again))):
        np.testing.assert_allclose(own, other, rtol=1e-6)
    if name.islower():
        other = nibabel.load(tmp_path / name)
        np.testing.assert_array_equal(np.asarray(other.dataobj).T, pixels(image))
        np.testing.assert_allclose(other.affine, itk_grid(image), atol=1e-5)
        assert {code for _, code in forms_of(tmp_path / name).values()} == {1}
