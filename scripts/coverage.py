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


def main(
    summary: Annotated[Path, typer.Argument(help="What `llvm-cov export -summary-only` printed.")],
    least: Annotated[float, typer.Option(min=0, max=100, help="Percent of the lines that are to be reached.")] = 90,
) -> None:
    """Report the coverage of lines."""
    data = json.loads(summary.read_text(encoding="utf-8"))["data"][0]
    poor = [file for file in data["files"] if file["summary"]["lines"]["percent"] < least]
    for file in sorted(poor, key=lambda file: file["summary"]["lines"]["percent"]):
        lines = file["summary"]["lines"]
        typer.echo(
            f"{lines['percent']:5.1f} %  {lines['covered']:4}/{lines['count']:<4}  {os.path.relpath(file['filename'])}"
        )
    lines = data["totals"]["lines"]
    typer.echo(
        f"{lines['percent']:5.1f} % of {lines['count']} lines in {len(data['files'])} files are reached by the tests"
    )
    if lines["percent"] < least:
        typer.echo(f"error: at least {least:g} % are expected", err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
