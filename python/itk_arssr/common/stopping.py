"""Ctrl-C while a trainer works: the first one ends the training at its next step, a second one the program at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from itk_arssr.common.signals import ENDING, handled


@contextmanager
def stops_on_signals(stop: Callable[[], None], quit_at_once: Callable[[], None] | None) -> Iterator[None]:
    """Call ``stop`` on Ctrl-C, a polite kill and a closed terminal, and ``quit_at_once`` on the next Ctrl-C.

    Python runs signal handlers only between steps of the trainer, and a step, or reading the images before the first,
    can take long. So a thread is told of signals, which works as the trainer does not hold Python's lock.
    Without ``quit_at_once`` another signal has no effect: ``torchrun`` may send on what the terminal has sent already.
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
