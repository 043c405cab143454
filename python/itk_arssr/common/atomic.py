"""Files that appear complete or not at all: written under another name, then put in place.

As in the C++ writer (``src/model/ArSSRAtomicFile.cxx``): a symbolic link stays and its target is written; a replaced
file keeps its permissions; file and folder are flushed to the disk before the program continues.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from itk_arssr.common.errors import UserError

TEMPORARY_PREFIX = ".arssr-"
_LONGEST_TEMPORARY = len(f"/{TEMPORARY_PREFIX}12345678/image.nii.gz")  # how much longer the path of a partial file is
_LONGEST_NAME, _LONGEST_PATH = 255, 4096  # bytes, if the system does not tell


def make_folder(path: Path) -> None:
    """Make a folder and any missing folders above it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise UserError(f"{path} is not a folder") from None


def check_can_write(path: Path) -> None:
    """Refuse a file that cannot be written, whatever its content, before any work is done for it; makes nothing."""
    if "\0" in str(path):
        raise UserError(f"{str(path)!r} cannot be written: a file name cannot hold a NUL character")
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UserError(f"{str(path)!r} cannot be written: it is not valid UTF-8; choose another name") from None
    try:
        folder, missing = _existing_folder(path)
        _check_lengths(path, folder, missing)
        folder = _target(path).parent if not missing else folder
        with tempfile.TemporaryFile(prefix=TEMPORARY_PREFIX, dir=folder):
            pass
    except OSError as error:
        raise _cannot_write(path, error) from error


@contextmanager
def completed(path: Path, name: str = "new") -> Iterator[Path]:
    """Give another path to write to; the file moves to its own path when the block succeeds.

    If anything stops the block, Ctrl-C included, nothing is left behind. While it is written, the file is called
    ``name``, for writers that depend on the name.
    """
    with all_or_none() as begin:
        yield begin(path, name)


@contextmanager
def all_or_none() -> Iterator[Callable[..., Path]]:
    """Give a function that does for each of several files what ``completed`` does for one.

    The files are put in place together when the block succeeds. If that fails for one of them, the others are removed
    again and the files that they replaced are restored.
    """
    files: list[_File] = []
    with ExitStack() as folders:

        def begin(path: Path, name: str = "new") -> Path:
            make_folder(path.parent)
            try:
                target = _target(path)
                folder = folders.enter_context(tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX, dir=target.parent))
            except OSError as error:
                raise _cannot_write(path, error) from error
            files.append(_File(path, target, Path(folder, name), Path(folder, "older")))
            return files[-1].partial

        yield begin
        _put_in_place(files)


@dataclass(frozen=True)
class _File:
    path: Path  # as the user named it
    target: Path  # the same with links resolved
    partial: Path  # where it is written
    older: Path  # where the replaced file is kept until all files are in place

    def prepare(self) -> None:
        """Copy the permissions of the older file, and flush all bytes to the disk."""
        with suppress(FileNotFoundError):
            self.partial.chmod(stat.S_IMODE(self.target.stat().st_mode))
        _flush(self.partial)

    def keep_older(self) -> None:
        if self.target.exists():
            try:
                os.link(self.target, self.older)
            except OSError:  # a file system without hard links
                shutil.copy2(self.target, self.older)

    def put(self) -> None:
        self.partial.replace(self.target)

    def undo(self) -> None:
        if self.partial.exists():  # it was not put in place
            return
        if self.older.exists():
            self.older.replace(self.target)
        else:
            self.target.unlink(missing_ok=True)


def _put_in_place(files: Sequence[_File]) -> None:
    at_work = files[0] if files else None
    try:
        for at_work in files:
            at_work.prepare()
        for at_work in files[:-1]:  # whether the last one is put in place decides
            at_work.keep_older()
        for at_work in files:
            at_work.put()
    except BaseException as error:
        for file in reversed(files):
            file.undo()
        if isinstance(error, OSError) and at_work is not None:
            raise _cannot_write(at_work.path, error) from error
        raise
    for folder in {file.target.parent for file in files}:
        with suppress(OSError):  # it is in place; without this a power cut may bring the older file back
            _flush(folder)


def _target(path: Path) -> Path:
    """Where a file is written: the target of a link, whether or not it exists yet."""
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return target
    if not stat.S_ISREG(mode):
        kind = "folder" if stat.S_ISDIR(mode) else "device or pipe"
        raise UserError(f"{path} cannot be written: it is a {kind}; choose another name")
    return target


def _existing_folder(path: Path) -> tuple[Path, tuple[str, ...]]:
    """The nearest existing folder above a path, and the names of the missing ones."""
    missing: list[str] = []
    folder = path.parent
    while True:
        try:
            mode = folder.stat().st_mode
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
                raise
            missing.insert(0, folder.name)
            folder = folder.parent
            continue
        if not stat.S_ISDIR(mode):
            raise UserError(f"{folder} is not a folder")
        return folder, tuple(missing)


def _check_lengths(path: Path, folder: Path, missing: Sequence[str]) -> None:
    longest = _limit(folder, "PC_NAME_MAX", _LONGEST_NAME)
    for name in (*missing, path.name):
        length = len(os.fsencode(name))
        if length > longest:
            raise UserError(
                f"{path} cannot be written: the name {name} has {length} bytes, but at most {longest} are allowed "
                "there; choose a shorter name, or rename the input that it is made from"
            )
    longest = _limit(folder, "PC_PATH_MAX", _LONGEST_PATH) - 1
    length = len(os.fsencode(os.path.realpath(path.parent)))
    length += max(_LONGEST_TEMPORARY, len(os.fsencode(path.name)) + 1)
    if length > longest:
        raise UserError(
            f"{path} cannot be written: its path takes {length} bytes while it is written, but at most {longest} are "
            "allowed there; choose a shorter path"
        )


def _limit(folder: Path, name: str, fallback: int) -> int:
    try:
        return os.pathconf(folder, name)
    except (AttributeError, OSError, ValueError):
        return fallback


def _flush(path: Path) -> None:
    """Make the system write all of a file or folder to the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system without flushing
            raise
    finally:
        os.close(descriptor)


def _cannot_write(path: Path, error: OSError) -> UserError:
    if error.errno == errno.ELOOP:
        return UserError(f"{path} cannot be written: it is a link that leads to itself; choose another name")
    return UserError(f"{path} cannot be written: {error.strerror or error}; choose another folder")
