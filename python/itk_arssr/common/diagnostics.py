"""Warnings of ITK: kept off the terminal, or collected to be shown where they belong."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import itk

# "WARNING: In FILE, line N", then "CLASS (0xADDRESS): text" up to an empty line
_WARNING = re.compile(r"WARNING: In .*?, line \d+\s+(?:\w+ ?\(0x[0-9a-fA-F]+\): )?(.*?)(?:\n\s*\n|\Z)", re.DOTALL)
# What HDF5 prints about files that it is only tried on: a line, then indented ones
_TRIED = re.compile(r"^HDF5-DIAG: .*\n(?:[ \t]+.*\n?)*", re.MULTILINE)
_STDERR = 2


@contextmanager
def warnings_silenced() -> Iterator[None]:
    """Silence ITK's warnings while the block runs, for files that are only tried."""
    shown = itk.Object.GetGlobalWarningDisplay()
    itk.Object.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        itk.Object.SetGlobalWarningDisplay(shown)


@contextmanager
def warnings_collected() -> Iterator[list[str]]:
    """Collect the warnings that ITK gives while the block runs; the list is filled when it ends.

    ITK writes them to the standard error stream, and Python has no class to send them elsewhere; so the stream itself
    is redirected to a file. Everything else in it is passed on afterwards.
    """
    collected: list[str] = []
    sys.stderr.flush()
    usual = os.dup(_STDERR)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), _STDERR)
        try:
            yield collected
        finally:
            sys.stderr.flush()
            os.dup2(usual, _STDERR)
            os.close(usual)
            log.seek(0)
            text = log.read().decode(errors="replace")
            collected += dict.fromkeys(" ".join(warning.split()) for warning in _WARNING.findall(text))
            os.write(_STDERR, _TRIED.sub("", _WARNING.sub("", text)).strip().encode())
