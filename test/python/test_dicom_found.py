"""Folders of DICOM files as in archives: what is found, chosen, named and left out, and what remains on disk."""

import os
import struct
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import itk
import pytest
from dicom import X, Y, slice_elements, stack, write_file, write_slices
from itk_arssr.common.errors import UserError
from itk_arssr.images.found import check_series_are_there, find, only

STACK = stack(4)
LOCALIZER = {0x00080008: ("CS", "ORIGINAL\\PRIMARY\\LOCALIZER")}
DERIVED = {0x00080008: ("CS", "DERIVED\\SECONDARY\\REFORMATTED")}


def names(place, *patterns):
    """Names of the volumes and image files of a place."""
    with ExitStack() as keep:
        return [source.path.name for group in find(place, patterns).groups(keep=keep) for source in group]


def after_all(place, *patterns):
    """What was found, after going through all of it."""
    found = find(place, patterns)
    for _ in found.groups():
        pass
    return found


def refusal(place, *patterns):
    with pytest.raises(UserError) as refused:
        found = find(place, patterns)
        check_series_are_there(patterns, [found])
        with only(found):
            pass
    return str(refused.value)


@pytest.fixture(autouse=True)
def scratch(tmp_path_factory, monkeypatch):
    """The folder for temporary files; nothing is left in it."""
    folder = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


# --- folders


def test_folders_are_searched_to_any_depth(tmp_path):
    for patient in (1, 2):
        write_slices(tmp_path / f"sub-{patient}" / "ses-1" / "anat", STACK, study=f"1.{patient}")
    deep = tmp_path.joinpath(*"abcdefghijkl")
    write_slices(deep, STACK, study="1.3")
    assert names(tmp_path) == ["l", "sub-1_ses-1_anat", "sub-2_ses-1_anat"]


def test_folders_of_one_name_are_told_apart_by_those_above(tmp_path):
    for study in ("ST0", "ST1"):
        for series in (1, 2):
            write_slices(
                tmp_path / study / "SE0", [((0, 0, 3 * k), X, Y) for k in range(4)], series=series, study=study
            )
            for file in (tmp_path / study / "SE0").glob("000?.dcm"):
                file.rename(file.with_name(f"{series}{file.name}"))
    assert names(tmp_path) == [
        f"{study}_SE0_protocol{series}_20200102101112_{series}" for study in ("ST0", "ST1") for series in (1, 2)
    ]


@pytest.mark.parametrize("parts", [2, 4])
def test_a_series_spread_over_folders_is_joined(parts, tmp_path):
    write_slices(tmp_path / "all", stack(8))
    for k, file in enumerate(sorted((tmp_path / "all").iterdir())):
        folder = tmp_path / "study" / f"part{k * parts // 8}"
        folder.mkdir(parents=True, exist_ok=True)
        file.rename(folder / file.name)
    with only(find(tmp_path / "study")) as source:
        assert tuple(itk.size(itk.imread(str(source.file)))) == (20, 18, 8)
        assert source.path == tmp_path / "study"


def test_series_of_one_name_in_two_folders_are_not_joined(tmp_path):
    """Tools that remove names may give all patients the same one."""
    write_slices(tmp_path / "a", STACK)
    write_slices(tmp_path / "b", STACK, gain=lambda k: 0.5)
    write_slices(tmp_path / "c", [((100, 0, 2 * k), X, Y) for k in range(5)])
    assert names(tmp_path) == ["a", "b", "c"]


def test_names_and_extensions_do_not_matter(tmp_path):
    for k, name in enumerate(["IM0001", "b.img", "c.nii.gz", "-d", "e .hidden?", "ü.txt", "g" * 200, "%f%s.par"]):
        write_file(tmp_path / "scan ü %p" / name, slice_elements(((0, 0, 3 * k), X, Y), number=k + 1))
    with only(find(tmp_path)) as source:
        assert tuple(itk.size(itk.imread(str(source.file)))) == (20, 18, 8)
        assert source.path.name == "scan_ü_p"


def test_long_names_and_places_do_not_matter(tmp_path, monkeypatch):
    long = tmp_path.joinpath(*["ü" * 100] * 6)
    (long / "scratch").mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(long / "scratch"))
    write_slices(long / ("日" * 80), STACK, changes=lambda k: {0x00181030: ("LO", "protocol" * 8)})
    assert len(names(long)) == 1
    assert list((long / "scratch").iterdir()) == []


def test_hidden_files_and_folders_are_left_out(tmp_path):
    write_slices(tmp_path / "scan", STACK)
    write_slices(tmp_path / ".trash", STACK, study="1.1")
    (tmp_path / "scan" / ".DS_Store").write_bytes(b"no image")
    write_file(tmp_path / "scan" / "._0001.dcm", slice_elements(((0, 0, 1.5), X, Y), number=9))
    assert names(tmp_path) == ["scan"]


def test_links_are_followed_but_not_in_circles(tmp_path):
    write_slices(tmp_path / "elsewhere" / "scan", STACK)
    place = tmp_path / "place"
    place.mkdir()
    (place / "linked").symlink_to(tmp_path / "elsewhere" / "scan", target_is_directory=True)
    (place / "up").symlink_to(tmp_path, target_is_directory=True)
    (place / "same").symlink_to(place, target_is_directory=True)
    (place / "nowhere").symlink_to(tmp_path / "none")
    assert names(place) == ["linked"]


def test_image_files_of_folders_below_are_used_only_if_there_is_nothing_else(tmp_path, write):
    write("bids/sub-1/anat/sub-1_T1w.nii.gz"), write("bids/sub-2/anat/sub-2_T1w.nii.gz")
    assert names(tmp_path / "bids") == ["sub-1_T1w.nii.gz", "sub-2_T1w.nii.gz"]
    write("bids/own.nii.gz")
    found = after_all(tmp_path / "bids")
    assert [source.path.name for source in found.images] == ["own.nii.gz"]
    assert "sub-1_T1w.nii.gz" in found.remarks[0]
    write_slices(tmp_path / "bids" / "sourcedata", STACK)
    assert names(tmp_path / "bids") == ["own.nii.gz", "sourcedata"]


def test_files_that_are_no_images_do_not_matter(tmp_path):
    write_slices(tmp_path, STACK)
    (tmp_path / "DICOMDIR").write_bytes(bytes(128) + b"DICM" + bytes(500))
    (tmp_path / "readme.txt").write_text("read me")
    (tmp_path / "empty").touch()
    report = {
        tag: value for tag, value in slice_elements(STACK[0]).items() if tag >> 16 != 0x0028 and tag != 0x7FE00010
    }
    write_file(tmp_path / "report", report)
    assert names(tmp_path) == [tmp_path.name]
    assert "a DICOM file without an image" in refusal(tmp_path / "report")
    assert "a DICOM file without an image" in refusal(tmp_path / "DICOMDIR")


def test_files_with_dicom_names_that_are_not_dicom_are_reported(tmp_path):
    write_slices(tmp_path, STACK)
    (tmp_path / "broken.dcm").write_bytes(b"no image")
    assert any("broken.dcm" in remark for remark in after_all(tmp_path).remarks)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root can read everything")
def test_unreadable_files_are_reported(tmp_path):
    write_slices(tmp_path, STACK)
    (tmp_path / "0001.dcm").chmod(0)
    assert any("0001.dcm" in remark for remark in after_all(tmp_path).remarks)


def test_a_place_without_images_is_refused(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert "holds neither an image file nor a DICOM series, nor do the folders below it" in refusal(tmp_path)


def test_the_working_directory_has_a_name_too(tmp_path, monkeypatch):
    write_slices(tmp_path / "scan", STACK)
    monkeypatch.chdir(tmp_path / "scan")
    assert names(Path()) == ["scan"]


# --- single files


def test_a_single_file_is_that_file_alone(tmp_path):
    from dicom import enhanced_elements

    write_slices(tmp_path, STACK)
    assert "give their folder" in refusal(tmp_path / "0001.dcm")
    write_file(tmp_path / "frames.dcm", enhanced_elements(stack(6)))
    with only(find(tmp_path / "frames.dcm")) as source:
        assert tuple(itk.size(itk.imread(str(source.file)))) == (20, 18, 6)
        assert source.path == tmp_path / "frames.dcm"


# --- what is chosen


@pytest.fixture
def study(tmp_path):
    """A scan, a localizer in three directions, a derived image, and a screenshot, all in one folder."""
    folder = tmp_path / "study"
    series = (
        (1, stack(3) + stack(3, step=(3, 0, 0), rows=(0, 1, 0), columns=(0, 0, -1)), LOCALIZER),
        (2, stack(6), {0x0008103E: ("LO", "t1_mprage_sag")}),
        (3, stack(5), DERIVED),
        (4, stack(7), {0x0008103E: ("LO", "t2_space")}),
        (5, stack(1), {}),
    )
    for number, places, elements in series:
        write_slices(folder / str(number), places, series=number, changes=lambda k, elements=elements: elements)
    return folder


def test_localizers_derived_images_and_single_slices_are_left_out_with_a_note(study):
    assert names(study) == ["2", "4"]
    found = after_all(study)
    assert not found.faults
    said = "\n".join(found.remarks)
    assert "left out as a localizer: series 1 'description1'; --series includes it" in said
    assert "left out as a derived image: series 3 'description3'; --series includes it" in said
    assert "5_protocol5_20200102101112_5: it is a single slice" in said


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["2"], ["2"]),
        (["3"], ["3"]),
        (["2", "4"], ["2", "4"]),
        (["1"], ["1_protocol1_20200102101112_1_i00001", "1_protocol1_20200102101112_1_i00004"]),
        (["T1_MPRAGE_SAG"], ["2"]),
        (["mprage"], ["2"]),
        (["t?_*"], ["2", "4"]),
        (["protocol4"], ["4"]),
        (["*_i00004"], ["1_protocol1_20200102101112_1_i00004"]),
        (["1_protocol1_20200102101112_1_i00001"], ["1_protocol1_20200102101112_1_i00001"]),
    ],
)
def test_series_and_volumes_are_chosen_by_number_description_protocol_or_name(patterns, expected, study):
    assert names(study, *patterns) == expected


def test_a_whole_description_goes_before_a_part_of_one(tmp_path):
    for number, text in enumerate(["T1", "T1 post"], start=1):
        write_slices(
            tmp_path / f"{number}", STACK, series=number, changes=lambda k, text=text: {0x0008103E: ("LO", text)}
        )
    assert names(tmp_path, "t1") == ["1"]
    assert names(tmp_path, "t1*") == ["1", "2"]


def test_a_choice_that_names_nothing_lists_what_there_is(study):
    said = refusal(study, "flair")
    assert "holds no series, description, protocol or volume 'flair'" in said
    assert "series 2 't1_mprage_sag', 6 slices" in said
    assert "holds no series, description, protocol or volume '77'" in refusal(study, "2", "77")


def test_an_ambiguous_choice_lists_the_volumes(study):
    said = refusal(study)
    assert "holds 2 volumes; choose one with --series" in said
    assert "2_protocol2_20200102101112_2 (series 2 't1_mprage_sag', 20×18×6 voxels)" in said


def test_a_choice_of_a_slice_is_refused(study):
    assert "it is a single slice" in refusal(study, "5")


def test_a_choice_without_dicom_is_refused(tmp_path, write):
    assert "--series selects DICOM series" in refusal(write("scan.nii.gz"), "2")
    assert "--series selects DICOM series" in refusal(tmp_path, "2")


def test_a_localizer_is_used_if_its_study_has_nothing_else(tmp_path):
    write_slices(tmp_path / "patient1" / "localizer", STACK, study="1.1", changes=lambda k: LOCALIZER)
    write_slices(tmp_path / "patient2" / "localizer", STACK, study="1.2", changes=lambda k: LOCALIZER)
    write_slices(tmp_path / "patient2" / "scan", STACK, study="1.2", series=2)
    assert names(tmp_path) == ["patient1_localizer", "scan"]


@pytest.mark.parametrize("word", ["Localizer", "AAHScout", "SURVEY_3plane", "Topogram"])
def test_localizers_are_also_recognised_by_their_names(word, tmp_path):
    write_slices(tmp_path / "a", STACK, changes=lambda k: {0x0008103E: ("LO", word)})
    write_slices(tmp_path / "b", STACK, series=2)
    assert names(tmp_path) == ["b"]


def test_a_bad_series_is_a_fault_only_if_its_study_gave_no_volume(tmp_path):
    gap = [place for k, place in enumerate(stack(8)) if k != 3]
    write_slices(tmp_path / "patient1" / "bad", gap, study="1.1")
    write_slices(tmp_path / "patient1" / "good", STACK, study="1.1", series=2)
    found = after_all(tmp_path)
    assert not found.faults
    assert any("a slice is missing" in remark for remark in found.remarks)
    write_slices(tmp_path / "patient2" / "bad", gap, study="1.2")
    found = after_all(tmp_path)
    assert ["a slice is missing" in fault.reason for fault in found.faults] == [True]
    assert "a slice is missing" in after_all(tmp_path / "patient1", "1").faults[0].reason


# --- what is known of a volume


def test_scan_parameters_are_kept(tmp_path):
    write_slices(tmp_path, STACK, changes=lambda k: {0x00180023: ("CS", "2D"), 0x00180088: ("DS", "3.5")})
    with only(find(tmp_path)) as source:
        assert source.scan_parameters["MRAcquisitionType"] == "2D"
        assert source.scan_parameters["SliceThickness"] == 3
        assert source.scan_parameters["SpacingBetweenSlices"] == 3.5
        assert set(source.files) == set(tmp_path.iterdir())


def test_names_and_dates_of_patients_are_not_kept(tmp_path):
    write_slices(tmp_path, STACK, changes=lambda k: {0x00100010: ("PN", "Doe^Jane"), 0x00100030: ("DA", "19700101")})
    with only(find(tmp_path)) as source:
        assert "Doe" not in str(source.scan_parameters) + source.path.name


# --- what is left behind


def test_one_series_at_a_time_is_on_the_disk(tmp_path, scratch):
    for number in range(4):
        write_slices(tmp_path / f"{number}", STACK, study=f"1.{number}")
    files = []
    for (source,) in find(tmp_path).groups():
        assert source.file.exists()
        files.append(source.file)
        assert sum(file.exists() for file in files) == 1
    assert list(scratch.iterdir()) == []


def test_the_users_files_are_left_alone(tmp_path):
    write_slices(tmp_path / "scan", STACK)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in (tmp_path / "scan").iterdir()}
    assert names(tmp_path / "scan") == ["scan"]
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in (tmp_path / "scan").iterdir()} == before
    assert list(tmp_path.iterdir()) == [tmp_path / "scan"]


def test_settings_of_dcm2niix_are_neither_used_nor_written(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    (home / ".dcm2nii.ini").write_text("isGZ=1\nfilename=%n\n")
    write_slices(tmp_path / "scan", STACK)
    assert names(tmp_path / "scan") == ["scan"]
    assert (home / ".dcm2nii.ini").read_text() == "isGZ=1\nfilename=%n\n"
    (home / ".dcm2nii.ini").unlink()
    assert names(tmp_path / "scan") == ["scan"]
    assert list(home.iterdir()) == []


def _program(folder: Path, text: str) -> Path:
    """A program in place of dcm2niix."""
    program = folder / "program"
    program.write_text(f"#!{sys.executable}\n{text}\n")
    program.chmod(0o755)
    return program


# A NIfTI header of 20×18×4 shorts, and a few voxels
_HALF = struct.pack("<i36x8h14xh36xf240x", 348, 3, 20, 18, 4, 1, 1, 1, 1, 4, 352) + bytes(100)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "import sys; print('Error: out of luck'); sys.exit(1)",
            "made no image from it (status 1); dcm2niix: out of luck",
        ),
        ("import os; os.kill(os.getpid(), 11)", "was ended by signal 11"),
        ("", "made no image from it (status 0)"),
        (
            f"import sys, pathlib; pathlib.Path(sys.argv[-2], 'half.nii').write_bytes({_HALF!r})",
            "half: dcm2niix did not write all of it",
        ),
    ],
)
def test_a_dcm2niix_that_fails_is_reported(text, reason, tmp_path, monkeypatch):
    import dcm2niix

    monkeypatch.setattr(dcm2niix, "bin", str(_program(tmp_path, text)))
    write_slices(tmp_path / "scan", STACK)
    assert reason in refusal(tmp_path / "scan")


def test_a_missing_dcm2niix_is_reported(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "dcm2niix", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    write_slices(tmp_path / "scan", STACK)
    assert "pip install dcm2niix" in refusal(tmp_path / "scan")


def test_a_conversion_can_be_ended(tmp_path, monkeypatch):
    import dcm2niix

    marker = tmp_path / "alive"
    text = f"import time, pathlib; time.sleep(60); pathlib.Path({str(marker)!r}).touch()"
    monkeypatch.setattr(dcm2niix, "bin", str(_program(tmp_path, text)))
    write_slices(tmp_path / "scan", STACK)

    class Ended(Exception):
        pass

    calls = []

    def check():
        calls.append(None)
        if len(calls) > 2:
            raise Ended

    with pytest.raises(Ended):
        list(find(tmp_path / "scan").groups(check))
    assert not marker.exists()


def test_a_full_disk_is_foreseen(tmp_path, monkeypatch):
    import shutil

    write_slices(tmp_path / "scan", STACK)
    usage = type(shutil.disk_usage(tmp_path))(100, 90, 10)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert "set TMPDIR to a folder on a larger disk" in refusal(tmp_path / "scan")
