"""The standard streams: closed from the start, closed by their reader while the program runs, or on a full disk."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import IO

from rich.console import Console

from itk_arssr.common.errors import OutputClosed

EXIT_OUTPUT_CLOSED = 141  # what a shell reports for a program that SIGPIPE ended
_EXIT_FAILURE = 1
_DESCRIPTORS = range(3)


class StreamConsole(Console):
    """Console of the standard output, or of the error stream."""

    def on_broken_pipe(self) -> None:
        """End the program if nobody reads its output; an unread message on the error stream does not end it."""
        self.quiet = True
        discard(self.file)
        if not self.stderr:
            raise OutputClosed


def open_closed_streams() -> None:
    """Connect streams that the program was started without (``>&-``) to the null device.

    Otherwise the next file opened would become the standard output and receive what libraries print.
    """
    for descriptor in _DESCRIPTORS:
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest free descriptor
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, it stays open


def discard(stream: IO[str]) -> None:
    """Send everything that a stream has yet to write to the null device."""
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):  # not one of the system's streams
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


def exit_status(program: Callable[[], None]) -> int:
    """Run a program, and return its exit status once all of its output is written."""
    status = 0
    try:
        try:
            program()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        sys.stdout.flush()
    except BrokenPipeError:
        discard(sys.stdout)
        return status or EXIT_OUTPUT_CLOSED
    except OSError as error:
        discard(sys.stdout)
        StreamConsole(stderr=True).print(
            f"[bold red]Error:[/] cannot write to the standard output: {error.strerror}", highlight=False
        )
        return status or _EXIT_FAILURE
    return status
