"""Runs clang-tidy on C++ sources: on those that have changed, or include what has, since nothing was found in them.

tidy.py BUILD_FOLDER SOURCE...: the folder has compile_commands.json and Ninja's record of what each source includes.
Each finding is printed once, however many sources include the header that it is in. Exit status 1 where there are any.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FINDING = re.compile(r"^/[^:]+:\d+:\d+: (warning|error): ", re.MULTILINE)


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
        found.append(Unit(source, entry["command"], included.get(entry.get("output", ""), ())))
    return found


def includes_by_object(build: Path) -> dict[str, tuple[Path, ...]]:
    """What each object file was made from, where the record is up to date."""
    ninja = shutil.which("ninja", path=os.pathsep.join((str(ROOT / ".venv" / "bin"), os.environ["PATH"])))
    if ninja is None:
        return {}
    listing = subprocess.run([ninja, "-C", build, "-t", "deps"], capture_output=True, text=True, check=False).stdout
    included = {}
    for block in listing.split("\n\n"):
        head, *lines = block.strip().splitlines() or [""]
        if head.endswith("(VALID)"):
            included[head.partition(": ")[0]] = tuple(build / line.strip() for line in lines)
    return included


def key(unit: Unit, settings: str) -> str | None:
    """A digest of all that clang-tidy's answer depends on; None where that is not known."""
    if not unit.includes:
        return None
    digest = hashlib.sha256(f"{settings}\n{unit.command}\n".encode())
    for file in sorted({unit.source.resolve(), *(file.resolve() for file in unit.includes)}):
        if not file.is_file():
            return None
        own = file.is_relative_to(ROOT) and ".venv" not in file.parts
        status = file.stat()
        content = hashlib.sha256(file.read_bytes()).hexdigest() if own else f"{status.st_size} {status.st_mtime_ns}"
        digest.update(f"{file} {content}\n".encode())
    return digest.hexdigest()


def findings(unit: Unit, build: Path, stamps: Path, settings: str) -> tuple[bool, list[str]]:
    """Whether clang-tidy had to run, and what it found."""
    stamp_key = key(unit, settings)
    stamp = stamps / stamp_key if stamp_key else None
    if stamp is not None and stamp.exists():
        return False, []
    command = ["clang-tidy", "--quiet", "--warnings-as-errors=*", "-p", build, unit.source]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode == 0:
        if stamp is not None:
            stamp.touch()
        return True, []
    starts = [match.start() for match in FINDING.finditer(result.stdout)]
    if not starts:  # it did not get that far
        return True, [f"{unit.source}: {result.stdout}{result.stderr}"]
    return True, [result.stdout[begin:end] for begin, end in zip(starts, [*starts[1:], None], strict=True)]


def main() -> int:
    """Look at all sources at once, as many at a time as there are processors."""
    build, *names = (Path(name) for name in sys.argv[1:])
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout
    settings = version + (ROOT / ".clang-tidy").read_text()
    stamps = build / "tidy"
    stamps.mkdir(exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = list(pool.map(lambda unit: findings(unit, build, stamps, settings), units(build, names)))
    for text in sorted({text for _, texts in answers for text in texts}):
        print(text.rstrip())
    ran = sum(ran for ran, _ in answers)
    found = any(texts for _, texts in answers)
    print(f"clang-tidy: {len(names)} files{'' if found else ' have no findings'}, {ran} of them looked at again")
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
