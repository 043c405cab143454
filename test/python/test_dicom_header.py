"""Headers of DICOM files: what is read from them, what is recognised as DICOM, and damaged or hostile files."""

import struct

import numpy as np
import pytest
from dicom import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, X, Y, enhanced_elements, slice_elements, stack, write_file
from itk_arssr.images.dicom import tags
from itk_arssr.images.dicom.frames import frames_of
from itk_arssr.images.dicom.header import NotDicom, looks_like_dicom, read_header

PLACE = ((1.5, -2.25, 3), X, Y)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED])
def test_values_are_read_however_they_are_written(syntax, tmp_path):
    write_file(tmp_path / "file", slice_elements(PLACE, spacing=(0.5, 0.75), number=7), syntax)
    header = read_header(tmp_path / "file")
    (frame,) = frames_of(header)
    assert header.size == frame.size == (20, 18)
    assert header.elements.texts(tags.IMAGE_TYPE) == ("ORIGINAL", "PRIMARY", "M", "ND")
    assert frame.order == (7, 0)
    assert frame.spacing == (0.5, 0.75)
    np.testing.assert_array_equal(frame.position, PLACE[0])
    assert header.is_readable is (syntax != DEFLATED)
    assert header.missing_bytes == 0


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_frames_have_their_own_places(syntax, tmp_path):
    places = stack(5)
    write_file(tmp_path / "file", enhanced_elements(places), syntax)
    frames = frames_of(read_header(tmp_path / "file"))
    np.testing.assert_array_equal([frame.position for frame in frames], [place[0] for place in places])
    assert {frame.spacing for frame in frames} == {(1.0, 1.0)}


def test_sequences_of_unknown_length_are_passed_over(tmp_path):
    """A private one of undefined length, with an item and a sequence of undefined length in it, before the image's."""
    item, item_end, end = (struct.pack("<HHI", 0xFFFE, tag, length) for tag, length in _DELIMITERS)
    inner = struct.pack("<HH2sHI", 9, 0x1002, b"SQ", 0, 0xFFFFFFFF) + item + item_end + end
    private = struct.pack("<HH2sHI", 9, 0x1001, b"SQ", 0, 0xFFFFFFFF) + item + inner + item_end + end
    write_file(tmp_path / "plain", slice_elements(PLACE))
    whole = (tmp_path / "plain").read_bytes()
    at = whole.index(struct.pack("<HH", 0x18, 0x50))
    (tmp_path / "file").write_bytes(whole[:at] + private + whole[at:])
    assert read_header(tmp_path / "file").elements.numbers(tags.POSITION) == PLACE[0]


_DELIMITERS = ((0xE000, 0xFFFFFFFF), (0xE00D, 0), (0xE0DD, 0))


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("preamble", [True, False])
def test_a_truncated_file_is_no_image_or_states_what_is_missing(syntax, preamble, tmp_path):
    file = tmp_path / "file"
    write_file(file, enhanced_elements(stack(2)), syntax, preamble)
    whole = file.read_bytes()
    for length in range(0, len(whole), 7):
        file.write_bytes(whole[:length])
        try:
            header = read_header(file)
        except NotDicom:
            continue
        assert not header.is_image or header.missing_bytes > 0


def test_damage_anywhere_raises_nothing_else(tmp_path):
    file = tmp_path / "file"
    write_file(file, enhanced_elements(stack(2)))
    whole = file.read_bytes()[:1500]
    random = np.random.default_rng(0)
    for _ in range(500):
        damaged = np.frombuffer(whole, np.uint8).copy()
        damaged[random.integers(0, len(damaged), 3)] = random.integers(0, 256, 3)
        file.write_bytes(damaged.tobytes())
        try:
            header = read_header(file)
            if header.is_image and header.frame_count < 100:
                frames_of(header)
        except NotDicom:
            pass


def test_endlessly_nested_sequences_are_refused(tmp_path):
    write_file(tmp_path / "plain", slice_elements(PLACE))
    whole = (tmp_path / "plain").read_bytes()
    deep = struct.pack("<HH2sHIHHI", 9, 0x1001, b"SQ", 0, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF) * 5000
    (tmp_path / "file").write_bytes(whole[: whole.index(struct.pack("<HH", 0x18, 0x50))] + deep)
    with pytest.raises(NotDicom):
        read_header(tmp_path / "file")


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_does_not_have_more_frames_than_bytes(compressed, tmp_path):
    elements = slice_elements(PLACE) | {0x00280008: ("IS", "2000000000")}
    if compressed:
        elements[0x7FE00010] = ("OB", bytes(100))
    write_file(tmp_path / "file", elements, "1.2.840.10008.1.2.4.90" if compressed else EXPLICIT)
    header = read_header(tmp_path / "file")
    assert len(frames_of(header)) <= 1000
    assert compressed or header.missing_bytes == 2 * 20 * 18 * (2_000_000_000 - 1)


@pytest.mark.parametrize(
    "content",
    [b"", b"DICM", bytes(128) + b"DICM", bytes(1000), b"\x08\x00\x05\x00" + bytes(1000), b"II*\0" + bytes(1000)],
)
def test_other_files_are_not_dicom(content, tmp_path):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(NotDicom):
        read_header(tmp_path / "file")


def test_dicom_is_recognised_by_its_beginning():
    assert looks_like_dicom(bytes(128) + b"DICM")
    assert looks_like_dicom(struct.pack("<HH", 8, 5))
    assert not looks_like_dicom(b"")
    assert not looks_like_dicom(bytes(132))
    assert not looks_like_dicom(struct.pack("<I", 348) + bytes(200))  # NIfTI
