"""Grids that lie outside the scan, completely or in part: counted exactly, refused or noted."""

import itertools
import math

import itk
import numpy as np
import pytest
from conftest import OBLIQUE, files_in, make_image, words
from itk_arssr.common.errors import UserError
from itk_arssr.images.overlap import Overlap, check_overlap, overlap
from itk_arssr.images.resample import Grid, grid_of

IDENTITY = np.eye(3)


def counted(grid: Grid, scan: Grid) -> int:
    """Voxels inside, looked at one by one through ITK's own images."""
    grids = []
    for one in (grid, scan):
        image = itk.Image[itk.UC, 3].New()
        image.SetRegions([int(length) for length in one.size])
        image.SetSpacing([float(length) for length in one.spacing])
        image.SetOrigin([float(place) for place in one.origin])
        image.SetDirection(itk.matrix_from_array(one.direction))
        grids.append(image)
    inside = 0
    for index in itertools.product(*(range(length) for length in grid.size)):
        place = grids[1].TransformPhysicalPointToContinuousIndex(grids[0].TransformIndexToPhysicalPoint(index))
        inside += all(-0.5 - 1e-6 <= place[axis] <= length - 0.5 + 1e-6 for axis, length in enumerate(scan.size))
    return inside


def turned(degrees: float) -> np.ndarray:
    angle = math.radians(degrees)
    return np.array([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]])


@pytest.mark.parametrize("direction", [IDENTITY, OBLIQUE, turned(0.01), turned(45), np.diag([-1.0, 1.0, -1.0])])
@pytest.mark.parametrize("scan_direction", [IDENTITY, OBLIQUE.T])
@pytest.mark.parametrize("seed", range(4))
def test_voxels_are_counted_as_one_by_one(direction, scan_direction, seed):
    random = np.random.default_rng(seed)
    scan = Grid((6, 5, 4), (1.0, 1.5, 2.0), (3.0, 2.0, 1.0), scan_direction)
    grid = Grid(
        tuple(int(length) for length in random.integers(1, 12, 3)),
        tuple(random.uniform(0.3, 2, 3)),
        tuple(random.uniform(-4, 6, 3)),
        direction,
    )
    assert overlap(grid, scan) == Overlap(counted(grid, scan), math.prod(grid.size))


def test_a_grid_of_the_scans_field_of_view_lies_all_inside():
    scan = grid_of(make_image(size=(8, 9, 7), spacing=(1, 2, 3), origin=(10, 20, 30), direction=OBLIQUE))
    same = overlap(scan, scan)
    assert same.inside == same.total == 8 * 9 * 7
    assert same.note == ""


def test_voxels_on_the_very_edge_are_inside():
    scan = Grid((4, 4, 4), (1.0,) * 3, (0.0,) * 3, IDENTITY)
    assert overlap(Grid((2, 1, 1), (4.0, 1.0, 1.0), (-0.5, 0.0, 0.0), IDENTITY), scan).inside == 2
    assert overlap(Grid((2, 1, 1), (4.0, 1.0, 1.0), (-0.51, 0.0, 0.0), IDENTITY), scan).inside == 1


def test_one_voxel_of_many_is_enough_and_none_is_not():
    """A thin grid that only grazes a corner: too small for sampling to find it."""
    scan = Grid((100, 100, 100), (1.0,) * 3, (0.0,) * 3, IDENTITY)
    grid = Grid((301, 301, 301), (0.1,) * 3, (-30.5, -30.5, -30.5), IDENTITY)
    assert check_overlap(grid, scan, "like.nii").inside == 1
    assert "less than" not in overlap(grid, scan).note  # that is of the voxels outside
    assert (
        overlap(grid, scan).note == "27270900 of the 27270901 voxels (more than 99.9 %) lie outside the scan and are 0"
    )
    beside = Grid((301, 301, 301), (0.1,) * 3, (-30.51, -30.5, -30.5), IDENTITY)
    with pytest.raises(UserError, match=r"no voxel of like\.nii lies in the scan: it spans -30.56 to -0.46"):
        check_overlap(beside, scan, "like.nii")


def test_a_grid_too_large_to_look_at_each_voxel_is_counted_all_the_same():
    scan = Grid((100, 100, 100), (1.0,) * 3, (0.0,) * 3, IDENTITY)
    found = overlap(Grid((1500, 1500, 1500), (0.1,) * 3, (-0.45,) * 3, IDENTITY), scan)
    assert found == Overlap(1000**3, 1500**3)


def test_the_start_index_of_a_grid_counts():
    image = make_image(size=(6, 6, 6))
    whole = itk.extract_image_filter(image, extraction_region=itk.ImageRegion[3]([2, 0, 0], [4, 6, 6]))
    assert tuple(whole.GetLargestPossibleRegion().GetIndex()) == (2, 0, 0)
    assert grid_of(whole).origin == (2.0, 0.0, 0.0)
    assert overlap(grid_of(whole), grid_of(image)).note == ""


# --- the command line


@pytest.fixture
def scan(write):
    return write("in/scan.nii.gz", make_image(size=(8, 9, 7), spacing=(1, 2, 3), origin=(10, 20, 30)))


@pytest.mark.parametrize("options", [[], ["--consistency", 2], ["--residual", "{tmp}/map.mha"]])
@pytest.mark.parametrize("direction", [IDENTITY, OBLIQUE])
def test_like_without_overlap_is_an_error_and_writes_nothing(options, direction, arssr, scan, write, tmp_path):
    apart = make_image(size=(8, 9, 7), origin=(1000, 20, 30), direction=direction)
    like = write("like.mha", apart)
    options = [str(option).format(tmp=tmp_path) for option in options]
    result = arssr("upscale", scan, tmp_path / "out.mha", "--like", like, *options)
    assert result.exit_code == 1
    assert f"no voxel of {like} lies in the scan: it spans" in words(result.stderr)
    assert files_in(tmp_path) == ["in", "like.mha"]


@pytest.mark.parametrize("options", [[], ["--consistency", 1]])
def test_a_partial_overlap_is_noted_with_its_share(options, arssr, scan, write, tmp_path):
    like = write("like.mha", make_image(size=(10, 9, 7), spacing=(1, 2, 3), origin=(16, 20, 30)))
    result = arssr("upscale", scan, tmp_path / "out.mha", "--like", like, *options)
    assert result.exit_code == 0, result.stderr
    assert "note: 504 of the 630 voxels (80.0 %) lie outside the scan and are 0" in words(result.stdout)
    voxels = itk.array_from_image(itk.imread(str(tmp_path / "out.mha")))
    assert (voxels[:, :, 2:] == 0).all() and (voxels[:, :, :2] != 0).all()


def test_a_full_overlap_is_not_mentioned(arssr, scan, write, tmp_path):
    like = write("like.mha", make_image(size=(4, 4, 4), origin=(11, 22, 33)))
    result = arssr("upscale", scan, tmp_path / "out.mha", "--like", like)
    assert result.exit_code == 0, result.stderr
    assert "outside" not in result.stdout


def test_in_a_batch_only_scans_elsewhere_fail(arssr, write, tmp_path):
    write("in/a.mha")
    write("in/b.mha", make_image(origin=(500, 0, 0)))
    result = arssr("upscale", tmp_path / "in", tmp_path / "out", "--like", write("like.mha"))
    assert result.exit_code == 1
    assert "1 of 2 failed" in result.stderr
    assert files_in(tmp_path / "out") == ["ArSSR_Residual_recon_like_like_a.mha"]
