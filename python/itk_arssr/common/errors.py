"""Errors whose text is meant for the user."""

import re

_ITK_ERROR = r"(?:ITK ERROR|itk::ERROR):\s*"
_ITK_PREFIX = re.compile(rf".*?{_ITK_ERROR}", re.DOTALL)
_OBJECT_NAME = re.compile(r"^\w+\(0x[0-9a-fA-F]+\):\s*")

EXIT_FAILURE = 1
EXIT_INTERRUPTED = 130


class UserError(Exception):
    """An error that the user can fix; shown without a traceback."""


class Interrupted(BaseException):
    """The user pressed Ctrl-C, or the system asks the program to end; unfinished work is undone."""


class OutputClosed(BaseException):
    """The reader of the standard output is gone, like ``head`` in ``arssr upscale … | head -1``."""


def description(error: BaseException) -> str:
    """Text of an error without ITK's prefix: source file, line, class name and address."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    text = _OBJECT_NAME.sub("", _ITK_PREFIX.sub("", str(error), count=1))
    text = " ".join(re.sub(_ITK_ERROR, "", text).split())  # again, for an error that this one reports
    if isinstance(error, MemoryError) or "bad_alloc" in text or "Failed to allocate memory" in text:
        return "not enough memory; give a smaller scale or a larger spacing"
    return text or type(error).__name__
