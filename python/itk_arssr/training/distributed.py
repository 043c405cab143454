"""Training in several processes: who takes part, what they agree on, and what is reported when one of them is gone.

``torchrun`` starts the processes and tells each its rank in the environment. The group made here averages gradients in
C++; in Python it also settles, on the CPU, what must be the same everywhere.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Self, TypeVar

from itk_arssr.common.errors import UserError, description

_T = TypeVar("_T")
_FAREWELL_SECONDS = 5.0  # within which a living process reports that it fails too
_POLL_SECONDS = 0.1
_PREPARATION = timedelta(minutes=10)  # for programs to start and the leading one to check the images


class EndedElsewhere(Exception):
    """This process ends because of an error that another one reports."""


class Alone:
    """The only process; also the interface that the rest of the program sees of several."""

    rank, size, group_name = 0, 1, ""

    def __init__(self, device: str) -> None:
        self.device = device

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the group."""

    @property
    def leads(self) -> bool:
        """Whether this process prints and writes."""
        return self.rank == 0

    def together(self, work: Callable[[], _T]) -> _T:
        """Do something that fails in all processes if it fails in one; the error is that of the first such process."""
        return work()

    def of_leader(self, value: _T) -> _T:
        """The leading process's value."""
        return value

    def cause(self, error: Exception) -> str:
        """Why the training failed."""
        return description(error)


class Group(Alone):
    """One of several processes."""

    def __init__(self, device: str, timeout_seconds: float) -> None:
        super().__init__(device)
        self.rank, self.size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        self._timeout = timedelta(seconds=timeout_seconds)
        self._failed = False

    def __enter__(self) -> Self:
        self._meet()
        try:
            self.device = self.together(lambda: _own_device(self.device))
        except BaseException:
            self.__exit__()
            raise
        return self

    def _meet(self) -> None:
        import torch
        from torch import distributed
        from torch.distributed.rendezvous import rendezvous

        os.environ.setdefault("TORCH_NCCL_BLOCKING_WAIT", "1")  # makes a timeout an error, not the process's end
        backend = "cpu:gloo,cuda:nccl" if self.device != "cpu" and torch.cuda.is_available() else "gloo"
        patience = max(self._timeout, _PREPARATION)
        try:
            self._store, _, _ = next(rendezvous("env://", self.rank, self.size, timeout=patience))
            distributed.init_process_group(
                backend, store=self._store, rank=self.rank, world_size=self.size, timeout=patience
            )
            self.group_name = distributed.new_group(timeout=self._timeout).group_name
        except (RuntimeError, ValueError) as error:
            raise UserError(
                f"the {self.size} processes of the training did not find each other: {description(error)}"
            ) from error

    def __exit__(self, *_: object) -> None:
        from torch import distributed

        if not self._failed:  # otherwise there is nobody to say goodbye to
            distributed.destroy_process_group()

    def together(self, work: Callable[[], _T]) -> _T:
        result, problem = None, ""
        try:
            result = work()
        except (UserError, RuntimeError, OSError, MemoryError) as error:
            problem = description(error)
        problems = self._exchanged(problem)
        failing = [rank for rank, text in enumerate(problems) if text]
        if not failing:
            return result  # type: ignore[return-value]
        if not self.leads:
            raise EndedElsewhere
        where = "" if len(failing) == self.size else f"rank {failing[0]} of {self.size}: "
        raise UserError(where + problems[failing[0]])

    def of_leader(self, value: _T) -> _T:
        from torch import distributed

        values = [value]
        self._communicate(lambda: distributed.broadcast_object_list(values))
        return values[0]

    def cause(self, error: Exception) -> str:
        """Why the training failed: the error of the process that failed first, or which process is gone."""
        self._failed = True
        try:
            if self._store.add("arssr/failures", 1) == 1:
                self._store.set("arssr/first", str(self.rank))
            self._store.set(f"arssr/failure/{self.rank}", description(error))
            silent = self._silent()
            if silent:
                return self._gone(silent)
            if not self.leads:
                raise EndedElsewhere
            rank = int(self._store.get("arssr/first"))
            texts = [self._store.get(f"arssr/failure/{one}").decode() for one in range(self.size)]
            return texts[rank] if len(set(texts)) == 1 else f"rank {rank} of {self.size} failed: {texts[rank]}"
        except RuntimeError:  # the process that kept the store is gone
            return self._gone([0])

    def _silent(self) -> list[int]:
        """Processes that neither train nor report why not."""
        others = [rank for rank in range(self.size) if rank != self.rank]
        end = time.monotonic() + _FAREWELL_SECONDS
        while True:
            silent = [rank for rank in others if not self._store.check([f"arssr/failure/{rank}"])]
            if not silent or time.monotonic() > end:
                return silent
            time.sleep(_POLL_SECONDS)

    def _gone(self, ranks: list[int]) -> str:
        names = ", ".join(map(str, ranks))
        return f"rank{'s' if len(ranks) > 1 else ''} {names} of {self.size} stopped answering"

    def _exchanged(self, value: str) -> list[str]:
        from torch import distributed

        values = [""] * self.size
        self._communicate(lambda: distributed.all_gather_object(values, value))
        return values

    def _communicate(self, call: Callable[[], None]) -> None:
        try:
            call()
        except RuntimeError as error:
            raise UserError(f"{self.cause(error)} before the training began") from error


def join(device: str, timeout_seconds: float) -> Alone:
    """This process's place among those that ``torchrun`` or a similar launcher started."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and "RANK" in os.environ:
        return Group(device, timeout_seconds)
    return Alone(device)


def _own_device(device: str) -> str:
    """The GPU of this process among those of its machine, or the CPU."""
    if device == "cpu":
        return device
    import torch

    local_rank = int(os.environ.get("LOCAL_RANK", os.environ["RANK"]))
    count = torch.cuda.device_count()
    if device == "auto" and not count:
        return "cpu"
    if ":" in device:
        raise UserError(f"--device {device} is one GPU, and each process needs its own; give --device cuda")
    if local_rank >= count:
        raise UserError(
            f"there are {count} GPUs for at least {local_rank + 1} processes; start as many as there are GPUs, "
            "or give --device cpu"
        )
    torch.cuda.set_device(local_rank)
    return f"cuda:{local_rank}"
