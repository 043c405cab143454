"""Volumes from DICOM files: the result for every kind of series, and that each voxel lies where its slice does."""

from contextlib import ExitStack

import itk
import numpy as np
import pytest
from conftest import OBLIQUE
from dicom import (
    BIG_ENDIAN,
    CT,
    EXPLICIT,
    IMPLICIT,
    X,
    Y,
    brightness,
    enhanced_elements,
    pixel_elements,
    seen,
    slice_elements,
    stack,
    write_file,
    write_series,
    write_slices,
)
from itk_arssr.common.errors import UserError
from itk_arssr.images.found import find, only
from mosaic import siemens_mosaic, united_imaging_mosaic

STACK = stack(8)
SAGITTAL = stack(8, step=(3, 0, 0), rows=(0, 1, 0), columns=(0, 0, -1), first=(10, -20, 30))
CORONAL = stack(8, step=(0, -3, 0), rows=(1, 0, 0), columns=(0, 0, -1), first=(10, -20, 30))
OBLIQUE_STACK = stack(8, step=3 * OBLIQUE[:, 2], rows=OBLIQUE[:, 0], columns=OBLIQUE[:, 1], first=(10, -20, 30))
CLOSE = 0.51  # pixels of the test's files are rounded


def made(place, *patterns):
    """Voxels, [z, y, x], and the centres of voxels (mm) of each volume of a place, by its name."""
    found = find(place, patterns)
    with ExitStack() as keep:
        sources = [source for group in found.groups(keep=keep) for source in group]
        volumes = {source.path.name: read(source.file) for source in sources}
    assert not found.faults
    return volumes


def read(file):
    """Voxels and the places of their centres, [z, y, x] and [z, y, x, xyz]."""
    image = itk.imread(str(file))
    z, y, x = np.indices(tuple(itk.size(image))[::-1])
    steps = itk.array_from_matrix(image.GetDirection()) * np.array(itk.spacing(image))
    return itk.array_from_image(image), np.array(itk.origin(image)) + np.stack([x, y, z], -1) @ steps.T


def the_one(place, *patterns):
    """Voxels and places of the only volume."""
    (volume,) = made(place, *patterns).values()
    return volume


def assert_shows(volume, gain=1.0):
    """Each voxel shows the value at its position in the tests' space."""
    voxels, places = volume
    np.testing.assert_allclose(voxels, gain * brightness(places), atol=CLOSE)


def refusal(place, *patterns):
    """Why a place gives no volume."""
    with pytest.raises(UserError) as refused, only(find(place, patterns)):
        pass
    return str(refused.value)


# --- one volume


@pytest.mark.parametrize("places", [STACK, STACK[::-1], SAGITTAL, CORONAL, OBLIQUE_STACK], ids=range(5))
@pytest.mark.parametrize("write", ["slices", "frames"])
def test_voxels_lie_where_their_slices_do(write, places, tmp_path):
    if write == "slices":
        write_slices(tmp_path, places, spacing=(0.8, 1.3))
    else:
        write_file(tmp_path / "frames", enhanced_elements(places, spacing=(0.8, 1.3)))
    volume = the_one(tmp_path)
    assert volume[0].shape == (8, 18, 20)
    assert_shows(volume)


def test_axes_are_those_of_the_slices(tmp_path):
    """Also for three-dimensional acquisitions, whose axes dcm2niix would otherwise exchange."""
    three_dimensional = {0x00180023: ("CS", "3D"), 0x00080070: ("LO", "SIEMENS")}
    write_slices(tmp_path, SAGITTAL, changes=lambda k: three_dimensional)
    with only(find(tmp_path)) as source:
        image = itk.imread(str(source.file))
    np.testing.assert_allclose(itk.array_from_matrix(image.GetDirection()), [[0, 0, -1], [1, 0, 0], [0, -1, 0]])
    assert tuple(itk.origin(image)) == (31, -20, 30)  # slices in the order of their normal, as GDCM has them


@pytest.mark.parametrize("seed", range(4))
def test_neither_names_nor_numbers_of_slices_matter(seed, tmp_path):
    order = np.random.default_rng(seed).permutation(8)
    write_slices(tmp_path, [STACK[k] for k in order])
    assert_shows(the_one(tmp_path))
    write_slices(tmp_path, [STACK[k] for k in order], changes=lambda k: {0x00200013: ("IS", "")})
    assert_shows(the_one(tmp_path))


def test_frames_of_a_file_are_sorted_by_their_places(tmp_path):
    elements = enhanced_elements([STACK[k] for k in (3, 1, 4, 0, 7, 6, 5, 2)])
    write_file(tmp_path / "sorted_by_numbers", elements)
    assert_shows(the_one(tmp_path / "sorted_by_numbers"))
    for number, group in enumerate(elements[0x52009230][1]):
        group[0x00209111] = ("SQ", [{0x00209157: ("UL", [1, number + 1, 1])}])
    write_file(tmp_path / "numbers_lie", elements)
    assert_shows(the_one(tmp_path / "numbers_lie"))


@pytest.mark.parametrize("between", [-3, 5])
def test_spacing_between_slices_does_not_count_against_places(between, tmp_path):
    write_slices(tmp_path, STACK, changes=lambda k: {0x00180088: ("DS", str(between))})
    assert_shows(the_one(tmp_path))


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
@pytest.mark.parametrize("preamble", [True, False])
def test_files_of_every_form_are_read(syntax, preamble, tmp_path):
    if syntax == BIG_ENDIAN and not preamble:
        pytest.skip("nothing tells the byte order")
    for k, place in enumerate(STACK):
        write_file(tmp_path / f"image{k}.img", slice_elements(place, number=k + 1), syntax, preamble)
    assert_shows(the_one(tmp_path))


def test_a_dose_has_its_frames_at_their_offsets(tmp_path):
    elements = slice_elements(STACK[0], np.round([seen(place) for place in STACK]).astype(np.uint16))
    elements |= {0x00080060: ("CS", "RTDOSE"), 0x3004000C: ("DS", "\\".join(str(3 * k) for k in range(8)))}
    write_file(tmp_path / "dose", elements)
    assert_shows(the_one(tmp_path))


def test_small_jitter_is_evened_out_and_noted(tmp_path):
    write_slices(tmp_path, [((0, 0, 3 * k + 0.08 * (k % 2)), X, Y) for k in range(9)])
    with only(find(tmp_path)) as source:
        np.testing.assert_allclose(itk.spacing(itk.imread(str(source.file))), (1, 1, 3), atol=1e-9)
        assert source.notes == ("its slices lie up to 0.08 mm off an even grid",)


# --- intensities


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint16, np.int16, np.int32, np.uint32])
def test_stored_values_are_kept_with_their_type(kind, tmp_path):
    stored = np.random.default_rng(1).integers(np.iinfo(kind).min, np.iinfo(kind).max, (4, 18, 20), kind, endpoint=True)
    for k, pixels in enumerate(stored):
        write_file(tmp_path / f"{k}", slice_elements(STACK[k], pixels, number=k + 1))
    with only(find(tmp_path)) as source:
        text = source.file.read_bytes()
    header, _, voxels = text.partition(b"ElementDataFile = LOCAL\n")
    names = {"i": "", "u": "U"}[np.dtype(kind).kind], {1: "CHAR", 2: "SHORT", 4: "INT"}[np.dtype(kind).itemsize]
    assert f"ElementType = MET_{names[0]}{names[1]}\n".encode() in header
    assert voxels == stored.tobytes()


@pytest.mark.parametrize(
    ("kind", "slope", "intercept", "expected"),
    [
        (np.int16, 1, -1024, np.int16),
        (np.uint16, 1, -1024, np.int16),
        (np.uint16, 2, 0, np.uint16),
        (np.uint16, 0.37, -10.5, np.float32),
        (np.uint16, 100, 0, np.float32),
    ],
)
def test_intensities_are_those_of_gdcm(kind, slope, intercept, expected, tmp_path):
    values = {0x00281052: ("DS", f"{intercept}"), 0x00281053: ("DS", f"{slope}")}
    pixels = np.random.default_rng(1).integers(0, 30000, (4, 18, 20)).astype(kind)
    for k, slice_pixels in enumerate(pixels):
        elements = slice_elements(STACK[k], slice_pixels, number=k + 1) | {
            0x00080060: ("CS", "CT"),
            0x00080016: ("UI", CT),
        }
        write_file(tmp_path / f"{k}.dcm", elements | values)
    voxels, _ = the_one(tmp_path)
    assert voxels.dtype == expected
    reader = itk.ImageSeriesReader[itk.Image[itk.D, 3]].New(FileNames=[str(tmp_path / f"{k}.dcm") for k in range(4)])
    reader.SetImageIO(itk.GDCMImageIO.New())
    reader.Update()
    np.testing.assert_allclose(voxels, itk.array_from_image(reader.GetOutput()), rtol=1e-6)


@pytest.mark.parametrize("manufacturer", ["", "Philips", "SIEMENS", "GE MEDICAL SYSTEMS"])
def test_each_slice_has_its_own_slope(manufacturer, tmp_path):
    """As in positron emission tomography; Philips' private scale is not applied, as GDCM does not."""
    slopes = [1 + k / 8 for k in range(8)]
    write_slices(
        tmp_path,
        STACK,
        gain=lambda k: 1 / slopes[k],
        changes=lambda k: {
            0x00080070: ("LO", manufacturer),
            0x00281052: ("DS", "0"),
            0x00281053: ("DS", f"{slopes[k]}"),
            0x20050010: ("LO", "Philips MR Imaging DD 001"),
            0x2005100E: ("FL", 0.01),
        },
    )
    voxels, places = the_one(tmp_path)
    assert voxels.dtype == np.float32
    np.testing.assert_allclose(voxels, brightness(places), atol=2 * CLOSE)


def test_inverted_display_does_not_invert_intensities(tmp_path):
    """As with GDCM: MONOCHROME1 only states how to display values."""
    write_slices(tmp_path, STACK, changes=lambda k: {0x00280004: ("CS", "MONOCHROME1")})
    assert_shows(the_one(tmp_path))


def test_compressed_slices_are_compared_too(tmp_path):
    write_series(_image_of_shorts(), tmp_path / "plain")
    (tmp_path / "compressed").mkdir()
    for number, file in enumerate(sorted((tmp_path / "plain").iterdir())):
        _compress(file, tmp_path / "compressed" / f"{number}")
    for plain, compressed in zip(the_one(tmp_path / "plain"), the_one(tmp_path / "compressed"), strict=True):
        np.testing.assert_array_equal(compressed, plain)


def _image_of_shorts():
    image = itk.image_from_array(np.round([seen(place, (32, 32)) for place in STACK]).astype(np.int16))
    image.SetSpacing((1, 1, 3))
    return image


def _compress(file, target):
    dicom = itk.GDCMImageIO.New()
    dicom.KeepOriginalUIDOn()
    image = itk.imread(str(file), imageio=dicom)
    dicom.UseCompressionOn()
    dicom.SetCompressor("JPEG2000")
    itk.ImageFileWriter[type(image)].New(image, FileName=f"{target}.dcm", ImageIO=dicom).Update()


# --- several volumes


def _two_volumes(folder, order, changes=lambda place, volume: {}, count=8):
    """Files of two volumes at the same places, the second one darker; ``order`` gives them numbers."""
    for number, (k, volume) in enumerate(order):
        pixels = np.round(0.7**volume * seen(STACK[k])).astype(np.uint16)
        elements = slice_elements(STACK[k], pixels, number=number + 1) | changes(k, volume)
        write_file(folder / f"{number:02d}", {tag: value for tag, value in elements.items() if value is not None})


VOLUME_BY_VOLUME = [(k, volume) for volume in range(2) for k in range(8)]
PLACE_BY_PLACE = [(k, volume) for k in range(8) for volume in range(2)]


@pytest.mark.parametrize("order", [VOLUME_BY_VOLUME, PLACE_BY_PLACE], ids=["volumes", "places"])
def test_time_points_become_volumes(order, tmp_path):
    _two_volumes(tmp_path, order)
    volumes = made(tmp_path)
    name = f"{tmp_path.name}_protocol1_20200102101112_1"
    assert list(volumes) == [f"{name}_t1", f"{name}_t2"]
    for gain, volume in zip((1, 0.7), volumes.values(), strict=True):
        assert_shows(volume, gain)


@pytest.mark.parametrize("order", [VOLUME_BY_VOLUME, PLACE_BY_PLACE], ids=["volumes", "places"])
def test_time_points_of_one_file_become_volumes(order, tmp_path):
    write_file(tmp_path / "frames", enhanced_elements([STACK[k] for k, _ in order], [volume for _, volume in order]))
    for gain, volume in zip((1, 0.7), made(tmp_path).values(), strict=True):
        assert_shows(volume, gain)


@pytest.mark.parametrize("places", [STACK, STACK[::-1], SAGITTAL, OBLIQUE_STACK], ids=range(4))
@pytest.mark.parametrize("mosaic", [siemens_mosaic, united_imaging_mosaic])
def test_tiles_of_a_mosaic_lie_where_they_were_scanned(mosaic, places, tmp_path):
    write_file(tmp_path / "one" / "mosaic", mosaic(places))
    assert_shows(the_one(tmp_path / "one"))
    write_file(tmp_path / "of_five" / "mosaic", mosaic(places[:5]))
    assert_shows(the_one(tmp_path / "of_five"))
    for number, gain in enumerate((1, 0.7, 0.49)):
        write_file(tmp_path / "three" / f"{number}", mosaic(places, number + 1, gain))
    for gain, volume in zip((1, 0.7, 0.49), made(tmp_path / "three").values(), strict=True):
        assert_shows(volume, gain)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        (lambda k, v: {0x00180081: ("DS", f"{5 + 5 * v}"), 0x00180086: ("IS", f"{v + 1}")}, ("_e1", "_e2")),
        (lambda k, v: {0x00080008: ("CS", f"ORIGINAL\\PRIMARY\\{'MP'[v]}\\ND")}, ("", "_ph")),
    ],
    ids=["echoes", "magnitude and phase"],
)
@pytest.mark.parametrize("order", [VOLUME_BY_VOLUME, PLACE_BY_PLACE], ids=["volumes", "places"])
def test_volumes_that_dcm2niix_takes_apart_keep_its_names(changes, names, order, tmp_path):
    _two_volumes(tmp_path, order, changes)
    volumes = made(tmp_path)
    assert [name.removeprefix(f"{tmp_path.name}_protocol1_20200102101112_1") for name in volumes] == list(names)
    for gain, volume in zip((1, 0.7), volumes.values(), strict=True):
        assert_shows(volume, gain)


@pytest.mark.parametrize(
    "numbers",
    [lambda k, v: None, lambda k, v: ("IS", "1"), lambda k, v: ("IS", f"{k + 1}"), lambda k, v: ("IS", f"{k * 5 % 8}")],
    ids=["none", "one", "the same", "others the same"],
)
def test_volumes_that_cannot_be_told_apart_are_not_mixed(numbers, tmp_path):
    _two_volumes(tmp_path, VOLUME_BY_VOLUME, lambda k, v: {0x00200013: numbers(k, v)})
    assert "volumes" in refusal(tmp_path)
    assert "folder of their own" in refusal(tmp_path)


@pytest.mark.parametrize("seed", range(5))
def test_volumes_whose_numbers_are_in_no_order_are_not_mixed(seed, tmp_path):
    order = np.random.default_rng(seed).permutation(16)
    _two_volumes(tmp_path, [VOLUME_BY_VOLUME[k] for k in order])
    assert "folder of their own" in refusal(tmp_path)


def test_a_mark_other_than_a_number_tells_volumes_apart(tmp_path):
    _two_volumes(
        tmp_path, VOLUME_BY_VOLUME, lambda k, v: {0x00200100: ("IS", f"{v + 1}"), 0x00200012: ("IS", f"{v + 1}")}
    )
    assert len(made(tmp_path)) == 2


def test_an_interrupted_time_point_is_not_stacked(tmp_path):
    _two_volumes(tmp_path, VOLUME_BY_VOLUME[:11])
    assert "lie at the same place" in refusal(tmp_path)


def test_copies_of_files_are_left_out_with_a_note(tmp_path):
    write_slices(
        tmp_path,
        [*STACK, *STACK],
        changes=lambda k: {0x00080018: ("UI", f"1.2.{k % 8}"), 0x00200013: ("IS", f"{k % 8}")},
    )
    assert_shows(the_one(tmp_path))
    with only(find(tmp_path)) as source:
        assert any("8 of the 16 slices" in note for note in source.notes)


# --- slices that form no volume


def _gap(folder):
    write_slices(folder, [place for k, place in enumerate(stack(10)) if k not in (4, 5)], dtype=np.int16)


def _gap_of_unsigned(folder):
    write_slices(folder, [place for k, place in enumerate(stack(10)) if k != 4])


def _frame_missing(folder):
    write_file(folder / "frames", enhanced_elements([place for k, place in enumerate(STACK) if k != 3]))


def _one_slice_off(folder):
    write_slices(folder, [((0, 0, 3 * k + 0.4 * (k == 4)), X, Y) for k in range(8)])


def _drift(folder):
    write_slices(folder, [((0, 0, 3 * k + 0.02 * k * k), X, Y) for k in range(9)])


def _tilt(folder, step=0.9, **elements):
    write_slices(folder, [((0, step * k, 3 * k), X, Y) for k in range(10)], dtype=np.int16, changes=lambda k: elements)


def _tilted_ct(folder):
    """That dcm2niix straightens, with an error of 0.9 mm."""
    elements = {0x00080060: ("CS", "CT"), 0x00080016: ("UI", CT), 0x00181120: ("DS", "16.699")}
    write_slices(folder, [((0, 0.9 * k, 3 * k), X, Y) for k in range(10)], dtype=np.int16, changes=lambda k: elements)


def _sideways(folder):
    write_slices(folder, [((0.5 * (k == 4), 0, 3 * k), X, Y) for k in range(8)])


def _two_blocks(folder):
    write_slices(folder, [*STACK, *stack(8, first=(0, 0, 201))])


def _twice_the_same_place(folder):
    write_slices(folder, [*STACK, STACK[3]])


def _two_sizes_of_pixels(folder):
    write_slices(folder, STACK, changes=lambda k: {0x00280030: ("DS", "1\\1" if k < 4 else "1.2\\1.2")})


def _without_places(folder):
    write_slices(folder, STACK, changes=lambda k: {0x00200032: ("DS", "")})


def _without_directions(folder):
    write_slices(folder, STACK, changes=lambda k: {0x00200037: ("DS", "")})


def _frames_without_places(folder):
    write_file(
        folder / "frames", slice_elements(STACK[0], np.round([seen(place) for place in STACK]).astype(np.uint16))
    )


def _cut_pixels(folder):
    write_slices(folder, STACK)
    file = folder / "0003.dcm"
    file.write_bytes(file.read_bytes()[:-200])


def _cut_header(folder):
    write_slices(folder, STACK)
    file = folder / "0003.dcm"
    file.write_bytes(file.read_bytes()[:300])


def _colours(folder):
    grey = pixel_elements(np.zeros((18, 20), np.uint8))
    colour = {0x00280002: ("US", 3), 0x00280004: ("CS", "RGB"), 0x00280006: ("US", 0)}
    colours = {**grey, **colour, 0x7FE00010: ("OW", np.zeros((18, 20, 3), np.uint8))}
    write_slices(folder, STACK, changes=lambda k: colours)


def _positions_at_one_place(folder):
    write_slices(folder, [STACK[0]] * 6, gain=lambda k: 1 + 0.1 * k)


def _frames_turned(folder):
    write_file(folder / "frames", enhanced_elements([*STACK, ((5, 0, 20), Y, (0, 0, -1))]))


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (_gap, "2 slices are missing between slices 4 and 5, which are 9 mm apart, while others are 3 mm apart"),
        (_gap_of_unsigned, "a slice is missing between slices 4 and 5"),
        (_frame_missing, "a slice is missing between slices 3 and 4"),
        (_one_slice_off, "its slices are not equidistant: 2.6 to 3.4 mm apart"),
        (_drift, "its slices are not equidistant"),
        (_tilt, "its slices are shifted against each other by 0.9 mm each, as by a tilted gantry (16.7°)"),
        (_tilted_ct, "its slices are shifted against each other by 0.9 mm each, as by a tilted gantry (16.7°)"),
        (_sideways, "its slices are shifted against each other by up to 0.5 mm"),
        (_two_blocks, "59 slices are missing between slices 8 and 9"),
        (_twice_the_same_place, "several of its slices lie at the same place (0003.dcm and 0008.dcm)"),
        (_two_sizes_of_pixels, "its slices differ in pixel size (0000.dcm and 0004.dcm)"),
        (_without_places, "none of its slices gives its position"),
        (_without_directions, "none of its slices gives its position"),
        (_frames_without_places, "none of its slices gives its position"),
        (_cut_pixels, "0003.dcm is incomplete: 200 bytes of its pixels are missing"),
        (_cut_header, "a slice is missing between slices 3 and 4"),
        (_colours, "its voxels are colours"),
        (_positions_at_one_place, "it is a single slice (20×18); the network needs a volume"),
        (_frames_turned, "orientation varies"),
    ],
)
def test_slices_that_form_no_volume_are_refused_with_the_reason(write, reason, tmp_path):
    write(tmp_path / "series")
    assert reason in refusal(tmp_path / "series")


def test_dcm2niix_is_quoted(tmp_path):
    _gap(tmp_path / "series")
    assert "Interslice distance varies" in refusal(tmp_path / "series")


def test_a_slice_that_lies_across_is_left_out_of_the_volume(tmp_path):
    write_slices(tmp_path, [*STACK, ((5, 0, 20), Y, (0, 0, -1))])
    assert_shows(the_one(tmp_path))
    found = find(tmp_path)
    list(found.groups())
    assert any("a single slice" in remark for remark in found.remarks)
