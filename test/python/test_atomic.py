"""Files that are written completely or not at all: links, permissions, several files together, and what is refused."""

import errno
import os
import stat
import sys
from pathlib import Path

import pytest
from itk_arssr.common import atomic
from itk_arssr.common.atomic import all_or_none, check_can_write, completed
from itk_arssr.common.errors import Interrupted, UserError

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX system")


def write(path: Path, text: str) -> None:
    with completed(path) as partial:
        partial.write_text(text)


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def flushed(monkeypatch) -> list[tuple[int, int]]:
    """Device and inode of everything that was flushed to the disk."""
    seen = []
    usual = os.fsync

    def note(descriptor):
        status = os.fstat(descriptor)
        seen.append((status.st_dev, status.st_ino))
        usual(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    return seen


# --- one file


def test_a_file_appears_when_the_block_ends_with_its_folders(tmp_path):
    path = tmp_path / "new" / "folder" / "file.txt"
    with completed(path, "image.nii.gz") as partial:
        partial.write_text("whole")
        assert partial.name == "image.nii.gz"
        assert not path.exists()
    assert path.read_text() == "whole"
    assert everything_in(tmp_path) == ["new", "new/folder", "new/folder/file.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Interrupted, SystemExit])
def test_whatever_stops_the_block_leaves_the_older_file(error, tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("older")
    with pytest.raises(error), completed(path) as partial:
        partial.write_text("half")
        raise error
    assert path.read_text() == "older"
    assert everything_in(tmp_path) == ["file.txt"]


@POSIX
def test_file_and_folder_are_on_the_disk_before_the_program_goes_on(flushed, tmp_path):
    path = tmp_path / "file.txt"
    write(path, "whole")
    for place in (path, tmp_path):
        assert (place.stat().st_dev, place.stat().st_ino) in flushed


@POSIX
@pytest.mark.parametrize("depth", [1, 2])
def test_a_link_stays_and_its_target_is_written(depth, tmp_path):
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "target.txt"
    target.write_text("older")
    link = tmp_path / "link1.txt"
    link.symlink_to("real/target.txt")
    if depth == 2:
        (tmp_path / "link2.txt").symlink_to("link1.txt")
        link = tmp_path / "link2.txt"
    write(link, "newer")
    assert link.is_symlink()
    assert target.read_text() == "newer"
    assert not target.is_symlink()
    assert sorted(path.name for path in target.parent.iterdir()) == ["target.txt"]


@POSIX
def test_a_link_to_a_missing_file_makes_it(tmp_path):
    link = tmp_path / "link.txt"
    link.symlink_to("target.txt")
    write(link, "whole")
    assert link.is_symlink()
    assert (tmp_path / "target.txt").read_text() == "whole"


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_a_file_that_is_replaced_keeps_its_permissions(mode, tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("older")
    path.chmod(mode)
    write(path, "newer")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_text() == "newer"


@POSIX
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_permissions_that_the_umask_leaves(umask, mode, tmp_path):
    usual = os.umask(umask)
    try:
        write(tmp_path / "file.txt", "whole")
    finally:
        os.umask(usual)
    assert stat.S_IMODE((tmp_path / "file.txt").stat().st_mode) == mode


# --- several files


def failing_replace(monkeypatch, name: str, error: BaseException) -> None:
    """Make putting the file of this name in place fail."""
    usual = Path.replace

    def replace(self, target):
        if Path(target).name == name and self.name == "new":
            raise error
        return usual(self, target)

    monkeypatch.setattr(Path, "replace", replace)


def write_all(folder: Path, *names: str) -> None:
    with all_or_none() as begin:
        for name in names:
            begin(folder / name).write_text(f"new {name}")


def test_all_files_appear_together(tmp_path):
    with all_or_none() as begin:
        first, second = begin(tmp_path / "a"), begin(tmp_path / "sub" / "b")
        first.write_text("a")
        second.write_text("b")
        assert not (tmp_path / "a").exists()
    assert everything_in(tmp_path) == ["a", "sub", "sub/b"]


@pytest.mark.parametrize("failing", ["a", "b", "c"])
@pytest.mark.parametrize("error", [OSError(errno.EACCES, "Permission denied"), Interrupted()], ids=["error", "signal"])
def test_if_one_cannot_be_put_in_place_the_others_are_restored(failing, error, tmp_path, monkeypatch):
    (tmp_path / "a").write_text("older a")
    (tmp_path / "c").write_text("older c")
    failing_replace(monkeypatch, failing, error)
    with pytest.raises(UserError if isinstance(error, OSError) else Interrupted) as raised:
        write_all(tmp_path, "a", "b", "c")
    if isinstance(error, OSError):
        assert str(raised.value) == f"{tmp_path / failing} cannot be written: Permission denied; choose another folder"
    assert everything_in(tmp_path) == ["a", "c"]
    assert [(tmp_path / name).read_text() for name in "ac"] == ["older a", "older c"]


def test_older_files_are_restored_without_hard_links(tmp_path, monkeypatch):
    def link(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    (tmp_path / "a").write_text("older a")
    monkeypatch.setattr(os, "link", link)
    failing_replace(monkeypatch, "b", OSError(errno.EIO, "Input/output error"))
    with pytest.raises(UserError):
        write_all(tmp_path, "a", "b")
    assert everything_in(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "older a"


def test_a_file_that_another_program_replaced_by_a_folder_meanwhile_undoes_the_rest(tmp_path):
    (tmp_path / "a").write_text("older a")
    with pytest.raises(UserError, match="cannot be written"), all_or_none() as begin:
        begin(tmp_path / "a").write_text("new a")
        begin(tmp_path / "b").write_text("new b")
        (tmp_path / "b").mkdir()
    assert (tmp_path / "a").read_text() == "older a"
    assert everything_in(tmp_path) == ["a", "b"]


# --- refusal before any work


def test_writable_paths_pass_and_nothing_is_made(tmp_path):
    check_can_write(tmp_path / "new" / "folder" / ("x" * 200) / "file.nii.gz")
    check_can_write(tmp_path / "file.nii.gz")
    (tmp_path / "there.txt").write_text("older")
    check_can_write(tmp_path / "there.txt")
    assert everything_in(tmp_path) == ["there.txt"]


@POSIX
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x" * 250 + ".nii.gz", "has 257 bytes, but at most 255 are allowed"),
        ("ü" * 125 + ".nii.gz", "has 257 bytes, but at most 255 are allowed"),
        ("x" * 256 + "/file.nii.gz", "has 256 bytes, but at most 255 are allowed"),
        ("/".join(["x" * 200] * 25) + "/f.nii.gz", "bytes while it is written, but at most"),
        ("folder", "it is a folder"),
        ("pipe", "it is a device or pipe"),
        ("device.nii.gz", "it is a device or pipe"),
        ("file/x.nii.gz", "file is not a folder"),
        ("file/sub/x.nii.gz", "file is not a folder"),
        ("loop", "a link that leads to itself"),
        ("nowhere", "No such file or directory"),
        ("a\0b", "NUL"),
        ("a\udcffb.nii.gz", "not valid UTF-8"),
    ],
)
def test_unwritable_paths_are_refused(name, message, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("a file")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device.nii.gz").symlink_to("/dev/null")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing" / "file")
    before = everything_in(tmp_path)
    with pytest.raises(UserError, match=message):
        check_can_write(tmp_path / name)
    assert everything_in(tmp_path) == before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a folder that nobody can write to")
def test_a_folder_that_cannot_be_written_to_is_refused():
    with pytest.raises(UserError, match=r"/proc/new/x\.mha cannot be written: .*; choose another folder"):
        check_can_write(Path("/proc/new/x.mha"))


@POSIX
def test_refused_paths_are_also_refused_when_written(tmp_path):
    (tmp_path / "device.txt").symlink_to("/dev/null")
    with pytest.raises(UserError, match="device or pipe"):
        write(tmp_path / "device.txt", "lost")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UserError, match="leads to itself"):
        write(tmp_path / "loop", "lost")


def test_temporary_names_are_hidden_and_recognised_by_their_prefix(tmp_path):
    with completed(tmp_path / "file") as partial:
        partial.write_text("")
        (folder,) = tmp_path.iterdir()
        assert folder.name.startswith(atomic.TEMPORARY_PREFIX) and folder.name.startswith(".")
