"""The bytes of a file, unpacked if they are gzip-compressed, whatever the file's name says."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from itk_arssr.common.errors import UserError

GZIP_MAGIC = b"\x1f\x8b"
_GZIP_FORMAT = 16 + zlib.MAX_WBITS  # header and checksum of gzip around the deflated data
_READ_BYTES = 2**20
PIECE_BYTES = 2**22


def is_compressed(path: Path) -> bool:
    """Whether the content is gzip's."""
    with path.open("rb") as file:
        return file.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def pieces(path: Path, at_most: int = PIECE_BYTES) -> Iterator[bytes]:
    """The content in pieces."""
    packed = is_compressed(path)
    with path.open("rb") as file:
        yield from _inflated(file, path, at_most) if packed else iter(lambda: file.read(at_most), b"")


def first_bytes(path: Path, count: int) -> bytes:
    """The first bytes of the content; fewer if it is shorter."""
    start = b""
    for piece in pieces(path, at_most=count):
        start += piece
        if len(start) >= count:
            break
    return start[:count]


def _inflated(file: BinaryIO, path: Path, at_most: int) -> Iterator[bytes]:
    """All members of a gzip file one after the other; anything after them is padding."""
    data = file.read(_READ_BYTES)
    try:
        while data.startswith(GZIP_MAGIC):
            member = zlib.decompressobj(_GZIP_FORMAT)
            while not member.eof:
                piece = member.decompress(data, at_most)
                if not data and not piece:
                    raise UserError(f"{path} is damaged or incomplete: its compressed data ends early")
                yield piece
                data = member.unconsumed_tail or (b"" if member.eof else file.read(_READ_BYTES))
            data = member.unused_data
            if len(data) < len(GZIP_MAGIC):
                data += file.read(_READ_BYTES)
    except zlib.error:
        raise UserError(f"{path} is damaged: its compressed data cannot be unpacked, or fails its checksum") from None
