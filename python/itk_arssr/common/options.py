"""Values of command line options: their text forms, and the settings that they give."""

import math
import re
from dataclasses import dataclass

from itk_arssr.common.wording import times

_BETWEEN_AXES = "[xX×]"
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*(MiB|GiB|TiB|MB|GB|TB|M|G|T)?", re.IGNORECASE)
_MEBIBYTES = {"m": 1.0, "g": 1024.0, "t": 1024.0**2}
_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


@dataclass(frozen=True)
class PerAxis:
    """One positive number for each axis in ITK order (x, y, z)."""

    values: tuple[float, float, float]

    def __str__(self) -> str:
        return times(self._distinct)

    @property
    def label(self) -> str:
        """The form used in file names, as in the published scripts: ``2.5`` is ``2d5``."""
        return "x".join(f"{value!r}".replace(".", "d") for value in self._distinct)

    @property
    def _distinct(self) -> tuple[float, ...]:
        return self.values if len(set(self.values)) > 1 else self.values[:1]


QUALITIES = (1, 2, 4, 8)  # passes over mirrored copies of the scan
PRECISIONS = ("auto", "float32", "tensorfloat32", "bfloat16", "float16")


def _numbers(text: str, between: str = ",") -> list[float]:
    try:
        numbers = [float(part) for part in re.split(between, text)]
    except ValueError:
        raise ValueError(f"'{text}' is not a number, or a list of numbers separated by commas") from None
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"'{text}' holds a number that is not finite")
    return numbers


def parse_per_axis(text: str) -> PerAxis:
    """``2.5``, ``2,2,1.5`` or ``2x2x1.5``: one positive number for all axes, or one each in the order x, y, z."""
    numbers = _numbers(text, _BETWEEN_AXES if "," not in text else ",")
    if len(numbers) == 1:
        numbers *= 3
    if len(numbers) != 3:
        raise ValueError(
            f"'{text}' has {len(numbers)} numbers; give one, or three in the order x,y,z such as 1,1,4 or 1x1x4"
        )
    if min(numbers) <= 0:
        raise ValueError(f"'{text}' must be greater than 0")
    return PerAxis((numbers[0], numbers[1], numbers[2]))


def parse_interval(text: str) -> tuple[float, float]:
    """``-1000,400``: two numbers, the lower one first."""
    numbers = _numbers(text)
    if len(numbers) != 2 or numbers[0] >= numbers[1]:
        raise ValueError(f"'{text}' is not two numbers lower,upper with lower < upper")
    return numbers[0], numbers[1]


def parse_memory(text: str) -> int:
    """``2GiB``, ``800MiB`` or a bare number of MiB; the result is in MiB. GB is taken as GiB."""
    match = _MEMORY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is not an amount of memory; write for example 2GiB or 800MiB")
    mebibytes = int(float(match[1]) * _MEBIBYTES[(match[2] or "M")[0].lower()])
    if mebibytes < 1:
        raise ValueError(f"'{text}' is less than 1 MiB")
    return mebibytes


def parse_quality(text: str) -> int:
    """1, 2, 4 or 8 passes."""
    if text.strip() not in map(str, QUALITIES):
        raise ValueError(
            f"'{text}' is not a quality; expected a number of passes, one of {', '.join(map(str, QUALITIES))}"
        )
    return int(text)


def parse_precision(text: str) -> str:
    """One of the precisions by its name."""
    if text not in PRECISIONS:
        raise ValueError(f"'{text}' is not a precision; expected one of {', '.join(PRECISIONS)}")
    return text


def parse_device(text: str) -> str:
    """``auto``, ``cpu``, ``cuda`` or ``cuda:N``."""
    if _DEVICE.fullmatch(text) is None:
        raise ValueError(f"'{text}' is not a device; expected one of auto, cpu, cuda and cuda:N")
    return text
