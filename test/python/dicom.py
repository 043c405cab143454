"""DICOM files for tests: series written by GDCM, and files written byte by byte, as strange as those of scanners."""

import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import itk
import numpy as np

EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED = (f"1.2.840.10008.1.2{end}" for end in (".1", "", ".2", ".1.99"))
MR, CT, ENHANCED_MR, SECONDARY = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("4", "2", "4.1", "7"))
_LONG = ("OB", "OW", "OF", "SQ", "UN", "UT")
_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}
_PIXELS = 0x7FE00010

Elements = dict[int, tuple[str, object]]
# Position of the first voxel, direction of x (along a row), direction of y
Place = tuple[Sequence[float], Sequence[float], Sequence[float]]
X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def write_series(image, folder: Path, slope: float = 1.0, intercept: float = 0.0, number: int = 1) -> None:
    """Write an image of shorts as a DICOM series, one file a slice, the files named in no spatial order.

    ``slope`` and ``intercept`` are those of the modality, by which readers turn stored values into intensities.
    """
    folder.mkdir(parents=True, exist_ok=True)
    series = f"1.2.826.0.1.3680043.2.1125.1.{number}"
    direction = itk.array_from_matrix(image.GetDirection())
    spacing, origin = np.array(itk.spacing(image)), np.array(itk.origin(image))
    names = np.random.default_rng(0).permutation(itk.size(image)[2])
    for position in range(len(names)):
        corner = origin + direction[:, 2] * spacing[2] * position
        one = itk.region_of_interest_image_filter(
            image, region_of_interest=itk.ImageRegion[3]([0, 0, position], [*list(itk.size(image))[:2], 1])
        )
        tags = {
            "0008|0060": "MR",
            "0010|0020": "test",
            "0020|000d": f"{series}.1",
            "0020|000e": f"{series}.2",
            "0020|0011": str(number),
            "0020|0013": str(position + 1),
            "0020|0032": _text(corner),
            "0020|0037": _text([*direction[:, 0], *direction[:, 1]]),
            "0020|0052": f"{series}.3",
            "0018|0050": _text(spacing[2:]),
            "0028|1052": str(intercept),
            "0028|1053": str(slope),
        }
        dictionary = one.GetMetaDataDictionary()
        for tag, value in tags.items():
            dictionary[tag] = value
        dicom = itk.GDCMImageIO.New()
        dicom.KeepOriginalUIDOn()
        name = folder / f"{names[position]:03d}.dcm"
        writer = itk.ImageFileWriter[type(image)].New(one, FileName=str(name), ImageIO=dicom)
        writer.Update()


def stack(count: int = 10, step: Sequence[float] = (0.0, 0.0, 3.0), rows=X, columns=Y, first=(0.0, 0.0, 0.0)) -> list:
    """Positions of equidistant slices."""
    return [(tuple(np.add(first, k * np.asarray(step))), rows, columns) for k in range(count)]


def brightness(points) -> np.ndarray:
    """Values at points of space, (..., xyz) in mm: smooth, and nowhere the same as a few mm away."""
    x, y, z = np.moveaxis(np.asarray(points, float), -1, 0)
    return 500 + 6 * x + 4 * y + 9 * z + 60 * np.sin(x / 5) + 50 * np.cos(y / 6 + z / 8)


def seen(place: Place, size=(20, 18), spacing=(1.0, 1.0)) -> np.ndarray:
    """Pixels, [y, x], of a slice through ``brightness``; ``size`` and ``spacing`` are in the order x, y."""
    position, rows, columns = (np.asarray(vector, float) for vector in place)
    y, x = np.mgrid[: size[1], : size[0]]
    return brightness(position + x[..., None] * spacing[0] * rows + y[..., None] * spacing[1] * columns)


def slice_elements(
    place: Place,
    pixels: np.ndarray | None = None,
    number: int = 1,
    spacing: Sequence[float] = (1.0, 1.0),
    series: int = 1,
    study: str = "1.2.3",
) -> Elements:
    """Elements of a file of one slice, of an MR scan of nobody; pixels that are not integers become unsigned shorts."""
    pixels = seen(place, spacing=spacing) if pixels is None else np.asarray(pixels)
    if not np.issubdtype(pixels.dtype, np.integer):
        pixels = np.round(pixels).astype(np.uint16)
    position, rows, columns = place
    return {
        0x00080008: ("CS", "ORIGINAL\\PRIMARY\\M\\ND"),
        0x00080016: ("UI", MR),
        0x00080018: ("UI", f"{study}.4.{series}.{number}"),
        0x00080020: ("DA", "20200102"),
        0x00080030: ("TM", "101112"),
        0x00080060: ("CS", "MR"),
        0x0008103E: ("LO", f"description{series}"),
        0x00180050: ("DS", "3"),
        0x00181030: ("LO", f"protocol{series}"),
        0x00185100: ("CS", "HFS"),
        0x0020000D: ("UI", f"{study}.1"),
        0x0020000E: ("UI", f"{study}.2.{series}"),
        0x00200011: ("IS", str(series)),
        0x00200013: ("IS", str(number)),
        0x00200032: ("DS", _text(position)),
        0x00200037: ("DS", _text([*rows, *columns])),
        0x00200052: ("UI", f"{study}.3"),
        0x00280030: ("DS", _text([spacing[1], spacing[0]])),
        **pixel_elements(pixels),
    }


def pixel_elements(pixels: np.ndarray) -> Elements:
    """Elements that hold pixels, [y, x] or [frame, y, x], of an integer type."""
    bits = 8 * pixels.dtype.itemsize
    frames = {0x00280008: ("IS", str(len(pixels)))} if pixels.ndim == 3 else {}
    return {
        0x00280002: ("US", 1),
        0x00280004: ("CS", "MONOCHROME2"),
        **frames,
        0x00280010: ("US", pixels.shape[-2]),
        0x00280011: ("US", pixels.shape[-1]),
        0x00280100: ("US", bits),
        0x00280101: ("US", bits),
        0x00280102: ("US", bits - 1),
        0x00280103: ("US", int(np.issubdtype(pixels.dtype, np.signedinteger))),
        _PIXELS: ("OW", pixels),
    }


def write_slices(folder: Path, places: Sequence[Place], gain=lambda k: 1.0, changes=lambda k: {}, **options) -> None:
    """Write a series with a file for each place, which show ``brightness``; ``changes`` are made to slice k."""
    spacing = options.get("spacing", (1.0, 1.0))
    size = options.pop("size", (20, 18))
    for k, place in enumerate(places):
        pixels = np.round(gain(k) * seen(place, size, spacing)).astype(options.get("dtype", np.uint16))
        rest = {key: value for key, value in options.items() if key != "dtype"}
        elements = slice_elements(place, pixels, number=k + 1, **rest) | changes(k)
        write_file(folder / f"{k:04d}.dcm", elements)


def enhanced_elements(places: Sequence[Place], volumes: Sequence[int] | None = None, spacing=(1.0, 1.0)) -> Elements:
    """Elements of a multi-frame file with a frame for each place, in this order, each with its functional groups.

    Frames can be of several volumes, numbered from 0, of which each is 0.7 times as bright as the one before.
    """
    volumes = [0] * len(places) if volumes is None else volumes
    pixels = [0.7**volume * seen(place, spacing=spacing) for volume, place in zip(volumes, places, strict=True)]
    elements = slice_elements(places[0], np.round(pixels).astype(np.uint16), spacing=spacing)
    for tag in (0x00200032, 0x00200037, 0x00280030, 0x00180050):
        del elements[tag]
    heights = sorted({_height(place) for place in places})
    measures = {0x00280030: ("DS", _text([spacing[1], spacing[0]])), 0x00180050: ("DS", "3")}
    groups = [
        {
            0x00209111: (
                "SQ",
                [
                    {
                        0x00209128: ("UL", volume + 1),
                        0x00209157: ("UL", [1, heights.index(_height(place)) + 1, volume + 1]),
                    }
                ],
            ),
            0x00209113: ("SQ", [{0x00200032: ("DS", _text(place[0]))}]),
            0x00209116: ("SQ", [{0x00200037: ("DS", _text([*place[1], *place[2]]))}]),
        }
        for place, volume in zip(places, volumes, strict=True)
    ]
    return elements | {
        0x00080016: ("UI", ENHANCED_MR),
        0x52009229: ("SQ", [{0x00289110: ("SQ", [measures])}]),
        0x52009230: ("SQ", groups),
    }


def _height(place: Place) -> float:
    position, rows, columns = place
    return round(float(np.cross(rows, columns) @ position), 3)


def write_file(path: Path, elements: Elements, syntax: str = EXPLICIT, preamble: bool = True) -> None:
    """Write elements as a DICOM file, or without what comes before the data set, as in old archives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = b"".join(_encoded(elements, syntax))
    if not preamble:
        path.write_bytes(body)
        return
    if syntax == DEFLATED:
        deflate = zlib.compressobj(wbits=-15)
        body = deflate.compress(body) + deflate.flush()
    meta = b"".join(
        _encoded(
            {
                0x00020001: ("OB", b"\0\1"),
                0x00020002: elements.get(0x00080016, ("UI", MR)),
                0x00020003: elements.get(0x00080018, ("UI", "1.2")),
                0x00020010: ("UI", syntax),
                0x00020012: ("UI", "1.2.3"),
            },
            EXPLICIT,
        )
    )
    length = b"".join(_encoded({0x00020000: ("UL", len(meta))}, EXPLICIT))
    path.write_bytes(bytes(128) + b"DICM" + length + meta + body)


def _encoded(elements: Elements, syntax: str) -> Iterator[bytes]:
    order = ">" if syntax == BIG_ENDIAN else "<"
    for tag in sorted(elements):
        kind, value = elements[tag]
        content = _content(kind, value, syntax, order)
        yield struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
        if syntax == IMPLICIT:
            yield struct.pack(order + "I", len(content))
        elif kind in _LONG:
            yield kind.encode() + bytes(2) + struct.pack(order + "I", len(content))
        else:
            yield kind.encode() + struct.pack(order + "H", len(content))
        yield content


def _content(kind: str, value, syntax: str, order: str) -> bytes:
    if kind == "SQ":
        items = (b"".join(_encoded(item, syntax)) for item in value)
        return b"".join(struct.pack(order + "HHI", 0xFFFE, 0xE000, len(item)) + item for item in items)
    if isinstance(value, np.ndarray):
        value = value.astype(value.dtype.newbyteorder(order)).tobytes()
    elif kind in _NUMBERS:
        numbers = value if isinstance(value, Sequence) else [value]
        value = struct.pack(f"{order}{len(numbers)}{_NUMBERS[kind]}", *numbers)
    elif isinstance(value, str):
        value = value.encode()
    return value + (b"\0" if kind in ("UI", "OB") else b" ") * (len(value) % 2)


def _text(values) -> str:
    return "\\".join(f"{value:.10g}" for value in values)
