"""Checks that dependencies point one way: between the wings of src/ and between the packages of python/itk_arssr.

    python scripts/arrows.py            a wing may include, and a package import, what stands before it in its row below

A public header counts as the wing that holds its source, or else as one of the filters, which no wing includes.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_WINGS = {
    "grid": "",
    "platform": "",
    "image": "platform",
    "acquisition": "platform image",
    "network": "grid platform",
    "model": "platform network",
    "cpu": "grid platform network",
    "cuda": "platform network",
    "engine": "grid platform network model cpu cuda",
    "samples": "grid platform image acquisition",
    "training": "platform network model samples",
}
_PACKAGES = {
    "common": "",
    "pictures": "common",
    "images": "common",
    "acquisition": "common images",
    "upscaling": "common images acquisition",
    "evaluation": "common images pictures upscaling",
    "training": "common images pictures upscaling",
    "commands": "common images acquisition upscaling evaluation training",
}
_OF_WINGS = {"itkArSSRTrainingImage": "samples"}  # public headers without a source
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
_IMPORT = re.compile(r"^\s*(?:from|import)\s+itk_arssr\.(\w+)", re.MULTILINE)


def _includes() -> Iterator[tuple[Path, str, str]]:
    sources = [path for path in (_ROOT / "src").glob("*/*") if path.suffix in (".h", ".cxx", ".cu", ".cuh")]
    public = {path.stem: path.parent.name for path in sources if path.suffix == ".cxx"} | _OF_WINGS
    for path in sources:
        for name in _INCLUDE.findall(path.read_text()):
            if (_ROOT / "src" / name).exists():
                yield path, path.parent.name, name.split("/")[0]
            elif (_ROOT / "include" / name).exists():
                yield path, path.parent.name, public.get(Path(name).stem, "the filters")


def _imports() -> Iterator[tuple[Path, str, str]]:
    package = _ROOT / "python" / "itk_arssr"
    for path in package.glob("*/**/*.py"):
        for name in _IMPORT.findall(path.read_text()):
            yield path, path.relative_to(package).parts[0], name


def _wrong() -> Iterator[str]:
    for arrows, allowed in ((_includes(), _WINGS), (_imports(), _PACKAGES)):
        for path, here, there in arrows:
            if there != here and there not in allowed.get(here, "").split():
                may = allowed.get(here) or "nothing else"
                yield f"{path.relative_to(_ROOT)} uses {there}; {here} may use {may} (scripts/arrows.py)"


if __name__ == "__main__":
    problems = sorted(set(_wrong()))
    sys.exit("\n".join(problems) if problems else print("arrows: all dependencies point one way"))
