"""Signals that ask the program to end: Ctrl-C, a polite kill (SIGTERM), a terminal that is closed (SIGHUP).

``handled`` is the one mechanism; what it calls raises (commands), ends an ITK filter (``ends_on_ctrl_c``) or stops a
training (``stops_on_signals``).
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from itk_arssr.common.errors import Interrupted

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_ONE_WISH_SECONDS = 3.0  # a closed terminal sends several signals; the later ones must not disturb the clean-up


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
    """Raise ``Interrupted`` on these signals while the block runs, so that it cleans up as after any error."""
    last = -_ONE_WISH_SECONDS

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _ONE_WISH_SECONDS:
            last = now
            raise Interrupted

    with handled(stop):
        yield


class Interruptible(Protocol):
    """What Ctrl-C can end."""

    def interrupt(self) -> None:
        """End the computation as soon as it can be ended."""


@contextmanager
def ends_on_ctrl_c(work: Interruptible) -> Iterator[None]:
    """Make Ctrl-C, a polite kill and a closed terminal end the computation at its next piece of work.

    An exception would be raised inside an ITK observer, where it is only printed.
    """
    with handled(lambda *_: work.interrupt()):
        yield


@contextmanager
def stops_on_signals(stop: Callable[[], None], quit_at_once: Callable[[], None] | None) -> Iterator[None]:
    """Call ``stop`` on Ctrl-C, a polite kill and a closed terminal, and ``quit_at_once`` on the next Ctrl-C.

    Python runs signal handlers only between steps of the trainer, and a step, or reading the images before the first
    one, can take long. So a thread listens for signals, which works because the trainer does not hold Python's lock.
    Without ``quit_at_once`` another signal has no effect: ``torchrun`` may forward what the terminal has already sent.
    """
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)

    def listen() -> None:
        stopping = False
        while number := os.read(read_end, 1):
            if number[0] in ENDING:
                if stopping and number[0] == signal.SIGINT and quit_at_once is not None:
                    quit_at_once()
                stopping = True
                stop()

    with handled(lambda *_: None):
        usual_end = signal.set_wakeup_fd(write_end)
        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(usual_end)
            os.close(write_end)
            listener.join()
            os.close(read_end)
