"""Images of a place: image files, and DICOM series, which are converted to volumes one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from itk_arssr.common.errors import UserError
from itk_arssr.common.wording import times
from itk_arssr.images import io
from itk_arssr.images.dicom.choice import Choice
from itk_arssr.images.dicom.header import NotDicom, read_header
from itk_arssr.images.dicom.naming import Names
from itk_arssr.images.dicom.search import search
from itk_arssr.images.dicom.series import Kind, Series, entry_of, grouped
from itk_arssr.images.dicom.volumes import ScannedVolume, volumes_of
from itk_arssr.images.earlier_results import sort
from itk_arssr.images.formats import DICOM, extension
from itk_arssr.images.sources import Source, is_data_file

_SHOWN = 3  # of many things of the same kind

Check = Callable[[], None]


def _go_on() -> None:
    """The check for work that nobody interrupts."""


@dataclass(frozen=True)
class LeftOut:
    """A series, or part of one, that gave no volume."""

    name: str
    reason: str
    study: tuple[str, str]
    is_fault: bool = True  # it should have given one


@dataclass
class Found:
    """The image files and the series of a place."""

    place: Path
    images: list[Source]
    series: Sequence[Series]
    choice: Choice
    notes: list[str]  # about the search
    _left_out: list[LeftOut] = field(default_factory=list)
    _studies: set[tuple[str, str]] = field(default_factory=set)  # that gave a volume

    def __len__(self) -> int:
        """Image files and series to convert; a series can hold several volumes, or none."""
        return len(self.images) + sum(self.choice.wants(one) for one in self.series)

    @property
    def files(self) -> list[Path]:
        """All files that are read."""
        return [*(image.path for image in self.images), *(file for one in self.series for file in one.files)]

    def leave_out_results(self, outputs: Iterable[Path] = ()) -> None:
        """Leave out image files of a folder whose names are those of earlier results, with a note."""
        if self.place.is_dir():
            found = sort([*self.images, *(Source(series.folder) for series in self.series)], outputs)
            self.images = [image for image in self.images if image in found.scans]
            self.notes += [found.note] if found.note else []

    def groups(self, check: Check = _go_on, keep: ExitStack | None = None) -> Iterator[list[Source]]:
        """Volumes that can be read: each image file, and the volumes of each series.

        Volumes of a series can be read until the next group is requested, or until ``keep`` is closed if it is given.
        ``check`` is called repeatedly while a series is converted, and ends that by raising an exception.
        """
        for image in self.images:
            yield [image]
        names = Names(self.series)
        for series in self.series:
            if not self.choice.wants(series):
                self._leave_out(series, series.title, str(series.kind), is_fault=False)
                continue
            with ExitStack() as until_next:
                folder = (keep or until_next).enter_context(TemporaryDirectory(prefix="arssr-dicom-"))
                made = volumes_of(series, names.label(series), Path(folder), check)
                chosen = [volume for volume in made if self._takes(volume)]
                is_only = len(chosen) == 1 == sum(not volume.is_slice for volume in made)
                paths = names.paths(series, chosen, is_only)
                yield [Source(path, volume) for path, volume in zip(paths, chosen, strict=True)]
        self._check_is_met()

    def _takes(self, volume: ScannedVolume) -> bool:
        if not self.choice.takes(volume):
            self._leave_out(volume.series, volume.name, str(volume.kind), is_fault=False)
            return False
        if volume.problem:
            is_fault = self.choice.is_explicit or not volume.is_slice
            said = f" ({'; '.join(volume.notes)})" if volume.notes and not volume.is_slice else ""
            self._leave_out(volume.series, volume.name, volume.problem + said, is_fault)
            return False
        self._studies.add(volume.series.study)
        return True

    def _leave_out(self, series: Series, name: str, reason: str, is_fault: bool) -> None:
        if is_fault or not self.choice.is_explicit:  # what was not requested is not missed
            self._left_out.append(LeftOut(name, reason, series.study, is_fault))

    def _check_is_met(self) -> None:
        """Refuse patterns that matched nothing, once everything has been searched."""
        if self.choice.unmet:
            there = "".join(f"\n  {one.title}, {one.slice_count} slices" for one in self.series)
            names = " and ".join(f"'{pattern}'" for pattern in self.choice.unmet)
            raise UserError(f"{self.place} holds no series, description, protocol or volume {names}. It holds{there}")

    @property
    def faults(self) -> list[LeftOut]:
        """What should have given a volume but did not, if it was requested or its study gave none."""
        return [
            one
            for one in self._left_out
            if one.is_fault and (self.choice.is_explicit or one.study not in self._studies)
        ]

    @property
    def reasons(self) -> list[str]:
        """Why there is no volume: everything that was left out, faults first."""
        ordered = sorted(self._left_out, key=lambda one: not one.is_fault)
        return [f"{one.name}: {one.reason}" for one in ordered] or self.notes

    @property
    def remarks(self) -> list[str]:
        """Notes on the search and on what was left out without being a fault."""
        faults = self.faults
        reasons: dict[str, list[str]] = {}
        for one in self._left_out:
            if one not in faults:
                reasons.setdefault(one.reason, []).append(one.name)
        kinds = {str(kind) for kind in Kind}
        remarks = [
            f"left out as {reason}: {_some(names)}; --series includes it"
            if reason in kinds
            else f"left out: {_some(names)}: {reason}"
            for reason, names in reasons.items()
        ]
        return [*self.notes, *remarks]


def _some(names: Sequence[object]) -> str:
    """The first of many names, and how many more there are."""
    more = len(names) - _SHOWN
    return ", ".join(map(str, names[:_SHOWN])) + (f" and {more} more" if more > 0 else "")


def find(place: Path, patterns: Sequence[str] = ()) -> Found:
    """Look for images in a file or folder. ``patterns`` select DICOM series, by number or name.

    Image files are those of the folder itself; DICOM files include those of the folders below it. If there are neither,
    image files of the folders below are used. DICOM is recognised by content, other files by their names.
    """
    if place.is_dir():
        return _in_folder(place, patterns)
    if not place.is_file():
        raise UserError(f"{place} is neither a file nor a folder" if place.exists() else f"{place} does not exist")
    try:
        header = read_header(place)
    except (NotDicom, OSError):
        return Found(place, [Source(place)], [], Choice((), []), [])
    if not header.is_image:
        raise UserError(f"{place} is a DICOM file without an image; give the folder of the images")
    series = [Series(place.parent, (entry_of(header),), is_whole=False)]
    return Found(place, [], series, Choice(patterns, series), [])


def _in_folder(folder: Path, patterns: Sequence[str]) -> Found:
    contents = search(folder)
    others = [file for file in contents.others if extension(file) not in ("", *DICOM) and not is_data_file(file)]
    images = [file for file in others if file.parent == folder]
    deeper = [file for file in others if file.parent != folder]
    series = grouped(contents.dicom)
    notes = []
    if patterns and series:
        images = []
    elif not images and not series:
        images = deeper
    elif deeper:
        notes.append(f"image files in folders below {folder} left out: {_some(deeper)}; name their folders")
    if not images and not series:
        raise UserError(f"{folder} holds neither an image file nor a DICOM series, nor do the folders below it")
    if contents.unreadable:
        notes.append(f"cannot be read: {_some(contents.unreadable)}")
    no_dicom = [file for file in contents.others if extension(file) in DICOM]
    if no_dicom:
        notes.append(f"not DICOM files despite their names: {_some(no_dicom)}")
    return Found(folder, [Source(file) for file in images], series, Choice(patterns, series), notes)


def check_series_are_there(patterns: Sequence[str], places: Sequence[Found]) -> None:
    """Refuse a selection of DICOM series if there are none."""
    if patterns and not any(found.series for found in places):
        raise UserError(f"--series selects DICOM series; {_some([found.place for found in places])} holds none")


@contextmanager
def only(found: Found, option: str = "--series") -> Iterator[Source]:
    """The one image that a place holds, to be read in the block; ``option`` is what selects a series."""
    found.leave_out_results()
    if found.images and len(found) > 1:
        raise UserError(f"{found.place} holds {len(found)} images; name one of them")
    with ExitStack() as keep:
        sources = [source for group in found.groups(keep=keep) for source in group]
        yield single(found, sources, f"choose one with {option}")


def read_one(place: Path) -> io.Volume:
    """Read the one image that a place holds."""
    with only(find(place)) as source:
        return io.read(source)


def single(found: Found, sources: Sequence[Source], remedy: str) -> Source:
    """The only source that was found; refused if there are none or several."""
    if not sources:
        raise UserError(f"{found.place} holds no volume: {'; '.join(found.reasons)}")
    if len(sources) > 1:
        there = "".join(f"\n  {_described(source)}" for source in sources)
        raise UserError(f"{found.place} holds {len(sources)} volumes; {remedy}:{there}")
    return sources[0]


def _described(source: Source) -> str:
    scanned = source.scanned
    return f"{scanned.name} ({scanned.series.title}, {times(scanned.size)} voxels)" if scanned else source.path.name
