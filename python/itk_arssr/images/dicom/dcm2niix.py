"""The program dcm2niix, which turns DICOM files into volumes and comments on them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from itk_arssr.common.errors import UserError
from itk_arssr.images.dicom.header import Header
from itk_arssr.images.dicom.inputs import gather

_POLL_SECONDS = 0.1
# The user's settings left alone (-g), voxels uncompressed (-z), a sidecar without names and dates (-b), axes as scanned
# (-x), values in the scanner's type (-l) and scaled as in every DICOM reader (-p), names given by dcm2niix (-f)
_OPTIONS = ("-g", "i", "-z", "n", "-b", "y", "-ba", "y", "-x", "i", "-l", "o", "-p", "n", "-f", "%f_%p_%t_%s")
_COPY = re.compile(r"_(Eq|Tilt)(_\d+)?$|_ADC$|_ROI\d+$")  # interpolated, with an added map; and overlays
_CONVERTED = re.compile(r"Convert \d+ DICOM as (.*) \(\d+x\d+x\d+x\d+\)")
_REMARK = re.compile(
    r"(?:Warning|Error): (?P<marked>.*)|(?P<plain>Slices not stacked.*|DICOM images may be missing.*|"
    r"Slice positions repeated.*|.*DUPLICATES REMOVED.*|Unable to .*|Skipping .*|.*[Uu]nsupported.*)"
)
# Names and scan times, and things done or checked here
_OF_NO_INTEREST = re.compile(
    r"protocol name|tuned for vendor|not mirrored|Converted \d+ of|Only able to make|slope/intercept is being ignored|"
    r"order is not spatial|slice direction|slice ?timing|bvec|DTI gradients|instead of classic|as classic not enhanced",
    re.IGNORECASE,
)
_ISSUE = re.compile(r"\s*[\[(]?issue ?\d+[\])]?", re.IGNORECASE)


@dataclass(frozen=True)
class Output:
    """A file that dcm2niix wrote: slices of one volume, or of several on one grid."""

    file: Path
    sidecar: Mapping[str, object]
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name that dcm2niix gave it."""
        return self.file.stem


@dataclass(frozen=True)
class Conversion:
    """What dcm2niix made from some files, and its messages that belong to none of the outputs."""

    outputs: tuple[Output, ...]
    notes: tuple[str, ...]


def convert(headers: Sequence[Header], name: str, folder: Path, check: Callable[[], None]) -> Conversion:
    """Convert the files of a series into an empty folder. ``name``, of letters, digits and _.+=-, replaces their names.

    ``check`` is called repeatedly; any exception it raises ends the conversion.
    """
    program = _program()
    # Relative to the folder, as the program has room for only 512 characters
    inputs, outputs = Path("in", name), Path("out")
    (folder / inputs).mkdir(parents=True)
    (folder / outputs).mkdir()
    names = gather(headers, folder / inputs)
    status, said = _run([program, *_OPTIONS, "-o", str(outputs), str(inputs)], folder, check)
    remarks, rest = _remarks(said, inputs, names)
    written = sorted(file for file in (folder / outputs).glob("*.nii") if not _COPY.search(file.stem))
    if status < 0 or not written:
        how = f"was ended by signal {-status}" if status < 0 else f"made no image from it (status {status})"
        raise UserError(f"dcm2niix {how}{''.join(f'; {remark}' for remark in rest)}")
    return Conversion(tuple(Output(file, _sidecar(file), remarks.get(file.stem, ())) for file in written), rest)


def _program() -> str:
    """Path of the program: in the package of this name, or on the search path."""
    try:
        import dcm2niix

        program = shutil.which(dcm2niix.bin)
    except ImportError:
        program = None
    program = program or shutil.which("dcm2niix")
    if program is None:
        raise UserError("DICOM is read with dcm2niix, which is not installed here: pip install dcm2niix")
    return os.path.abspath(program)


def _run(command: Sequence[str], folder: Path, check: Callable[[], None]) -> tuple[int, str]:
    """Run a program in a folder to its end; returns its exit status and output."""
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C is ours to handle
        )
    except OSError as error:
        raise UserError(
            f"{command[0]} cannot be run: {error.strerror}; pip install --force-reinstall dcm2niix"
        ) from error
    try:
        while True:
            check()
            try:
                said, _ = process.communicate(timeout=_POLL_SECONDS)
                return process.returncode, said
            except subprocess.TimeoutExpired:
                continue
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def _sidecar(file: Path) -> Mapping[str, object]:
    try:
        found = json.loads(file.with_suffix(".json").read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remarks(said: str, inputs: Path, names: Mapping[str, str]) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Remarks on each output, by its name, and those that belong to none of them."""
    link = re.compile(re.escape(f"{inputs}") + r"[/\\]+(\d+)")
    remarks: dict[str, tuple[str, ...]] = {}
    pending: list[tuple[str, str]] = []  # each remark without the name of a file, and with it
    shared: list[tuple[str, str]] = []
    for line in said.splitlines():
        if converted := _CONVERTED.match(line):
            remarks[Path(converted[1]).name] = _once(pending)
            pending = []
        elif (remark := _REMARK.match(line)) and not _OF_NO_INTEREST.search(line):
            text = _ISSUE.sub("", remark["marked"] or remark["plain"]).strip().rstrip(".")
            told = (link.sub("", text), link.sub(lambda found: names.get(found[1], ""), text))
            (shared if text.startswith("Slices not stacked") else pending).append(told)
    return remarks, _once(shared + pending)


def _once(remarks: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Each remark once; of those that differ only in a file's name, the first and how many more there are."""
    kinds: dict[str, dict[str, None]] = {}
    for kind, text in remarks:
        kinds.setdefault(kind, {})[text] = None
    return tuple(
        f"dcm2niix: {next(iter(texts))}" + (f" (and {len(texts) - 1} more files)" if len(texts) > 1 else "")
        for texts in kinds.values()
    )
