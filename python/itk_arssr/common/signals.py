"""Signals that ask the program to end: Ctrl-C, a polite kill (SIGTERM), a terminal that is closed (SIGHUP)."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from itk_arssr.common.errors import Interrupted

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_ONE_WISH_SECONDS = 3.0  # a closed terminal is told of more than once; what follows must not disturb the tidying up


@contextmanager
def handled(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Call a function on each of these signals while the block runs.

    Signals that the program was started to ignore (``nohup``) stay ignored, and only the main thread can do this.
    """
    usual: dict[int, signal.Handlers | Callable | int] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in ENDING:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    usual[number] = signal.signal(number, handler) or signal.SIG_DFL
        yield
    finally:
        for number, earlier in usual.items():
            signal.signal(number, earlier)


@contextmanager
def raise_interrupted() -> Iterator[None]:
    """Raise ``Interrupted`` on these signals while the block runs, so that it tidies up as after any error."""
    last = -_ONE_WISH_SECONDS

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _ONE_WISH_SECONDS:
            last = now
            raise Interrupted

    with handled(stop):
        yield
