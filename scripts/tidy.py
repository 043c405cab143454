"""Runs clang-tidy on C++ sources: on those that have changed, or include what has, since nothing was found in them.

tidy.py BUILD_FOLDER STAMPS SOURCE...: BUILD_FOLDER has compile_commands.json and Ninja's record of what each source
includes. Headers that the build precompiled are not included for clang-tidy, which so finds a source that forgets its
own. STAMPS holds an empty file for each source without findings, named by all that clang-tidy's answer depends on;
any number of checkouts can share it. Each finding is printed once, however many sources include the header that it is
in. Exit status 1 where there are any.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".venv" / "bin"
PRECOMPILED = re.compile(r" (?:-Winvalid-pch|-include \S*/cmake_pch\.hxx)(?= )")
FINDING = re.compile(r"^/[^:]+:\d+:\d+: (?:warning|error): .*", re.MULTILINE)


@dataclass(frozen=True)
class Unit:
    """A source, how it is compiled, and what it includes; nothing is known of that before it was compiled."""

    source: Path
    command: str
    includes: tuple[Path, ...]


def units(build: Path, sources: list[Path]) -> list[Unit]:
    """The sources as the build folder knows them."""
    entries = {
        Path(entry["file"]).resolve(): entry for entry in json.loads((build / "compile_commands.json").read_text())
    }
    included = includes_by_object(build)
    found = []
    for source in sources:
        entry = entries.get(source.resolve())
        if entry is None:
            sys.exit(f"tidy: {source} is not compiled in {build}; run scripts/setup.sh")
        found.append(Unit(source, PRECOMPILED.sub("", entry["command"]), included.get(entry.get("output", ""), ())))
    return found


def includes_by_object(build: Path) -> dict[str, tuple[Path, ...]]:
    """What each object file was made from, where the record is up to date."""
    command = [TOOLS / "ninja", "-C", build, "-t", "deps"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    included = {}
    for block in listing.split("\n\n"):
        head, *lines = block.strip().splitlines() or [""]
        if head.endswith("(VALID)"):
            included[head.partition(": ")[0]] = tuple(build / line.strip() for line in lines if "cmake_pch" not in line)
    return included


@functools.cache
def digest(file: Path) -> str | None:
    """Name, from the checkout where it is in there, and content of a file; None where there is none."""
    try:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None
    return f"{os.path.relpath(file, ROOT) if file.is_relative_to(ROOT) else file} {content}"


def key(unit: Unit, version: str) -> str | None:
    """A digest of all that clang-tidy's answer depends on; None where that is not known."""
    source = unit.source.resolve()
    configurations = [folder / ".clang-tidy" for folder in source.parents if folder.is_relative_to(ROOT)]
    files = {source, *unit.includes, *(file for file in configurations if file.exists())}
    digests = [digest(Path(os.path.normpath(file))) for file in files]
    if not unit.includes or None in digests:
        return None
    text = "\n".join([version, unit.command.replace(str(ROOT), "."), *sorted(digests)])
    return hashlib.sha256(text.encode()).hexdigest()


def findings(unit: Unit, commands: Path, stamps: Path, version: str) -> tuple[bool, dict[str, str]]:
    """Whether clang-tidy had to run, and what it found, by the first line of each."""
    name = key(unit, version)
    stamp = stamps / name if name else None
    if stamp is not None and stamp.exists():
        return False, {}
    command = [TOOLS / "clang-tidy", "--quiet", "--warnings-as-errors=*", "-p", commands, unit.source]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode == 0:
        if stamp is not None:
            stamp.touch()
        return True, {}
    found = list(FINDING.finditer(result.stdout))
    if not found:  # it did not get that far
        return True, {str(unit.source): f"{unit.source}: {result.stdout}{result.stderr}"}
    ends = [*(match.start() for match in found[1:]), None]
    return True, {match[0]: result.stdout[match.start() : end] for match, end in zip(found, ends, strict=True)}


def main() -> int:
    """Look at all sources, as many at a time as there are processors."""
    build, stamps, *sources = (Path(name) for name in sys.argv[1:])
    version = subprocess.run([TOOLS / "clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout
    stamps.mkdir(parents=True, exist_ok=True)
    build = build.resolve()
    looked_at = units(build, sources)
    with tempfile.TemporaryDirectory() as commands, ThreadPoolExecutor(os.cpu_count()) as pool:
        entries = [
            {"directory": str(build), "file": str(unit.source.resolve()), "command": unit.command} for unit in looked_at
        ]
        (Path(commands) / "compile_commands.json").write_text(json.dumps(entries))
        answers = list(pool.map(lambda unit: findings(unit, Path(commands), stamps, version), looked_at))
    found = {line: text for _, texts in answers for line, text in texts.items()}
    for line in sorted(found):
        print(found[line].rstrip())
    ran = sum(ran for ran, _ in answers)
    outcome = f"with {len(found)} findings" if found else "have no findings"
    print(f"clang-tidy: {len(sources)} files {outcome}; {ran} of them were looked at")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
