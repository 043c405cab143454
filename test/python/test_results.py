"""Batches that are continued: existing results are kept, and never used as scans."""

from pathlib import Path

import itk
import numpy as np
import pytest
from conftest import files_in, make_image, pixels, words
from dicom import write_series
from itk_arssr.images.earlier_results import sort
from itk_arssr.images.sources import Source


def sources(*names: str) -> list[Source]:
    return [Source(Path(name)) for name in names]


def names(found) -> list[str]:
    return [str(source.path) for source in found]


# --- recognised by their names


@pytest.mark.parametrize(
    "label",
    ["2d0x", "2x", "2.5x", "2d5x", "1d0x1d0x4d0x", "0d5mm", "0d5x0d5x1d0mm", "1e-05mm", "like_t1", "like_my_own_t1"],
)
@pytest.mark.parametrize("encoder", ["Residual", "RDN", "ResCNN", "SRResnet"])
@pytest.mark.parametrize("kind", ["recon", "residual"])
def test_results_of_any_model_and_grid_are_recognised_beside_their_scans(label, encoder, kind):
    for scan, extension in (
        ("a.nii.gz", ".nii.gz"),
        ("b_1.hdr", ".nii"),
        ("c d.tif", ".nii.gz"),
        ("x_y_z.mha", ".mha"),
    ):
        result = f"ArSSR_{encoder}_{kind}_{label}_{scan.rsplit('.', 2 if 'gz' in scan else 1)[0]}{extension}"
        found = sort(sources(result, scan))
        assert (names(found.scans), names(found.results)) == ([scan], [result])


def test_a_result_of_a_result_is_one_too():
    once = "ArSSR_RDN_recon_2d0x_a.nii"
    twice = f"ArSSR_RDN_recon_2d0x_{once}"
    assert names(sort(sources("a.nii", once, twice)).scans) == ["a.nii"]
    assert names(sort(sources(once, twice)).scans) == [once]


@pytest.mark.parametrize(
    "name",
    [
        "ArSSR_RDN_recon_2d0x_b.nii",  # of another scan
        "ArSSR_RDN_recon_2d0x_a.nii.gz",  # of another format
        "ArSSR_RDN_a.nii",
        "ArSSR_RDN_recon_large_a.nii",
        "my_ArSSR_RDN_recon_2d0x_a.nii",
        "recon_2d0x_a.nii",
        "ArSSR_RDN_recon_2d0x_.nii",
    ],
)
def test_other_names_are_scans(name):
    assert names(sort(sources("a.nii", name)).scans) == ["a.nii", name]


def test_results_without_their_scans_may_be_processed_further_but_not_in_place(tmp_path):
    paths = [str(tmp_path / name) for name in ("ArSSR_RDN_recon_2d0x_a.nii", "b.nii")]
    assert names(sort(sources(*paths), [tmp_path / "out"]).scans) == paths
    assert names(sort(sources(*paths), [tmp_path / "in" / ".."]).scans) == paths[1:]


def test_results_that_are_left_out_are_noted():
    assert sort(sources("a.nii")).note == ""
    one, two = "ArSSR_RDN_recon_2d0x_a.nii", "ArSSR_RDN_recon_3d0x_a.nii"
    assert sort(sources("a.nii", one)).note == (
        f"1 image was left out, as its name is that of an earlier result ({one})"
    )
    assert sort(sources("a.nii", one, two)).note == (
        f"2 images were left out, as their names are those of earlier results ({one}, …)"
    )


# --- upscale


@pytest.fixture
def scans(write, tmp_path) -> Path:
    for seed, name in enumerate("ab"):
        write(f"scans/{name}.nii.gz", make_image(seed=seed))
    return tmp_path / "scans"


def test_a_batch_is_continued(arssr, scans, tmp_path):
    out = tmp_path / "out"
    command = ("upscale", scans, out, "--scale", 2)
    assert arssr(*command).exit_code == 0
    whole = {name: (out / name).read_bytes() for name in files_in(out)}
    (out / "ArSSR_Residual_recon_2d0x_b.nii.gz").unlink()
    kept = out / "ArSSR_Residual_recon_2d0x_a.nii.gz"
    kept.write_text("an earlier result")  # left whatever is in it
    result = arssr(*command, "--skip-existing")
    assert result.exit_code == 0, result.stderr
    assert kept.read_text() == "an earlier result"
    assert (out / "ArSSR_Residual_recon_2d0x_b.nii.gz").read_bytes() == whole["ArSSR_Residual_recon_2d0x_b.nii.gz"]
    assert "a.nii.gz ArSSR_Residual_recon_2d0x_a.nii.gz exists, left as it is" in words(result.stdout)
    assert words(result.stdout).count("left as it is") == 1


def test_without_the_option_existing_results_fail_and_the_message_names_both_ways(arssr, scans, tmp_path):
    command = ("upscale", scans, tmp_path / "out", "--scale", 2)
    arssr(*command)
    result = arssr(*command)
    assert result.exit_code == 1
    assert "exists; --overwrite replaces it, --skip-existing leaves it" in words(result.stdout)


def test_one_image_is_skipped_too_without_being_read(arssr, tmp_path):
    (tmp_path / "broken.nii").write_text("no image")
    (tmp_path / "out.nii").write_text("older")
    result = arssr("upscale", tmp_path / "broken.nii", tmp_path / "out.nii", "--scale", 2, "--skip-existing")
    assert result.exit_code == 0, result.stderr
    assert "out.nii exists, left as it is" in words(result.stdout)
    assert (tmp_path / "out.nii").read_text() == "older"


def test_failures_count_if_others_are_skipped(arssr, scans, tmp_path):
    (scans / "c.nii.gz").write_text("no image")
    command = ("upscale", scans, tmp_path / "out", "--scale", 2, "--skip-existing")
    assert arssr(*command).exit_code == 1
    result = arssr(*command)
    assert result.exit_code == 1
    assert "1 of 3 failed" in result.stderr
    assert words(result.stdout).count("left as it is") == 2


def test_a_result_without_its_residual_map_is_not_done(arssr, scans, tmp_path):
    command = ("upscale", scans, tmp_path / "out", "--scale", 2, "--skip-existing")
    assert arssr(*command).exit_code == 0
    result = arssr(*command, "--residual", tmp_path / "maps")
    assert result.exit_code == 1
    assert "does not: they are written together; --overwrite writes both again" in words(result.stdout)
    assert files_in(tmp_path / "maps") == []
    assert arssr(*command[:-1], "--overwrite", "--residual", tmp_path / "maps").exit_code == 0
    result = arssr(*command, "--residual", tmp_path / "maps")
    assert result.exit_code == 0
    assert words(result.stdout).count("left as it is") == 2


def test_an_input_is_not_an_existing_result(arssr, scans):
    scan = scans / "a.nii.gz"
    result = arssr("upscale", scan, scan, "--scale", 2, "--skip-existing")
    assert result.exit_code == 1
    assert "an input is never overwritten" in words(result.stderr)


def test_replacing_and_keeping_exclude_each_other(arssr, scans, tmp_path):
    result = arssr("upscale", scans, tmp_path / "out", "--scale", 2, "--skip-existing", "--overwrite")
    assert result.exit_code == 2
    assert "--overwrite replaces outputs that exist, --skip-existing leaves them; give one" in words(result.stderr)


@pytest.mark.parametrize("place", [".", "results"])
@pytest.mark.parametrize("again", [["--skip-existing"], ["--overwrite"], []])
def test_results_in_place_are_no_scans_in_a_second_run(place, again, arssr, scans):
    command = ("upscale", scans, scans / place, "--residual", scans / place)
    assert arssr(*command, "--scale", 2).exit_code == 0
    assert arssr(*command, "--spacing", 0.5).exit_code == 0  # another grid, beside the results of the first
    assert len(files_in(scans / place)) == 8 + 2 * (place == ".") + 0
    before = files_in(scans / place)
    result = arssr(*command, "--scale", 2, *again)
    assert result.exit_code == (0 if again else 1), result.stderr
    assert files_in(scans / place) == before
    if place == ".":
        assert "8 images were left out, as their names are those of earlier results" in words(result.stdout)


def test_a_directory_of_results_is_processed_further_elsewhere(arssr, scans, tmp_path):
    arssr("upscale", scans, tmp_path / "once", "--scale", 1.5)
    result = arssr("upscale", tmp_path / "once", tmp_path / "twice", "--scale", 1.5)
    assert result.exit_code == 0, result.stderr
    assert len(files_in(tmp_path / "twice")) == 2
    result = arssr("upscale", tmp_path / "once", tmp_path / "once", "--scale", 2)
    assert result.exit_code == 1
    assert "holds no image but results of arssr" in words(result.stderr)
    assert len(files_in(tmp_path / "once")) == 2


def test_a_result_in_the_folder_of_its_series_is_no_second_image(arssr, tmp_path):
    write_series(make_image(pixel_type=itk.SS), tmp_path / "series")
    command = ("upscale", tmp_path / "series", tmp_path / "series", "--scale", 1.5)
    assert arssr(*command).exit_code == 0
    before = files_in(tmp_path / "series")
    assert len(before) == 11
    result = arssr(*command, "--skip-existing")
    assert result.exit_code == 0, result.stderr
    assert files_in(tmp_path / "series") == before
    like = arssr("upscale", tmp_path / "series", tmp_path / "like.mha", "--like", tmp_path / "series")
    assert like.exit_code == 0, like.stderr


def test_files_that_are_being_written_are_no_scans(arssr, scans, tmp_path):
    (scans / ".arssr-12345678").mkdir()
    (scans / ".arssr-12345678" / "image.nii.gz").write_text("half")
    (scans / ".arssr-87654321.nii.gz").write_text("half")
    result = arssr("upscale", scans, tmp_path / "out", "--scale", 2)
    assert result.exit_code == 0, result.stdout
    assert len(files_in(tmp_path / "out")) == 2


# --- the other commands


def test_an_evaluation_leaves_results_out(arssr, write, tmp_path):
    write("hr/a.nii.gz", make_image(size=(20, 20, 20)))
    assert arssr("upscale", tmp_path / "hr", tmp_path / "hr", "--scale", 1).exit_code == 0
    arguments = ("--scales", 2, "--border", 2, "--iterations", 0, "--out", tmp_path / "out")
    result = arssr("evaluate", tmp_path / "hr", *arguments)
    assert result.exit_code == 0, result.stderr
    assert "1 image was left out, as its name is that of an earlier result" in words(result.stdout)
    assert "ArSSR_Residual" not in (tmp_path / "out" / "results.csv").read_text()


def test_a_training_leaves_results_out(arssr, tmp_path, monkeypatch):
    from itk_arssr.training.images import find_all
    from training_helpers import write_images

    monkeypatch.chdir(tmp_path)
    data = write_images(tmp_path / "data")
    itk.imwrite(make_image(), str(data / "ArSSR_Residual_recon_2d0x_phantom1.nii.gz"))
    notes: list[str] = []
    assert [source.path.name for source in find_all([data], notes)] == ["phantom0.nii.gz", "phantom1.nii.gz"]
    assert notes == [
        f"{data}: 1 image was left out, as its name is that of an earlier result "
        "(ArSSR_Residual_recon_2d0x_phantom1.nii.gz)"
    ]
    named = find_all([data / "ArSSR_Residual_recon_2d0x_phantom1.nii.gz"])
    assert [source.path.name for source in named] == ["ArSSR_Residual_recon_2d0x_phantom1.nii.gz"]


def test_results_beside_scans_have_the_same_voxels(arssr, scans, tmp_path):
    """Results computed in place equal those computed elsewhere."""
    assert arssr("upscale", scans, scans, "--scale", 2).exit_code == 0
    assert arssr("upscale", scans, tmp_path / "out", "--scale", 2).exit_code == 0
    for name in files_in(tmp_path / "out"):
        one, other = (pixels(itk.imread(str(folder / name))) for folder in (scans, tmp_path / "out"))
        np.testing.assert_array_equal(one, other)
