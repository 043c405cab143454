"""Tells how many lines of include/ and src/ the tests reached, from the summary that llvm-cov exports.

    python scripts/coverage.py build/sanitize-address/coverage.json --least 90

Lists the files below the limit, and fails when all of them together are.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

_ROOT = Path(__file__).resolve().parents[1]
_COUNTED = ("src", "include")


def own_name(path: str) -> str | None:
    """A file's name from the checkout's folder, if it is one of src/ or include/.

    Objects from the compiler's cache name sources from wherever they were compiled first: the end of a name counts.
    """
    parts = Path(os.path.normpath(path)).parts
    starts = [index for index, part in enumerate(parts) if part in _COUNTED]
    name = os.sep.join(parts[starts[-1] :]) if starts else ""
    return name if name and (_ROOT / name).is_file() else None


def main(
    summary: Annotated[
        Path, typer.Argument(help="What `llvm-cov export -summary-only` printed, in the build's folder.")
    ],
    least: Annotated[float, typer.Option(min=0, max=100, help="Percent of the lines that are to be reached.")] = 90,
) -> None:
    """Report the coverage of lines."""
    lines = {}
    for file in json.loads(summary.read_text(encoding="utf-8"))["data"][0]["files"]:
        name = own_name(file["filename"])
        if name:
            lines[name] = file["summary"]["lines"]
    for name, counts in sorted(lines.items(), key=lambda item: item[1]["percent"]):
        if counts["percent"] < least:
            typer.echo(f"{counts['percent']:5.1f} %  {counts['covered']:4}/{counts['count']:<4}  {name}")
    count = sum(counts["count"] for counts in lines.values())
    percent = 100 * sum(counts["covered"] for counts in lines.values()) / count if count else 0
    typer.echo(f"{percent:5.1f} % of {count} lines in {len(lines)} files of src/ and include/ are reached by the tests")
    if percent < least:
        typer.echo(f"error: at least {least:g} % are expected", err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
