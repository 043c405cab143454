"""Errors whose text is meant for the user."""

import re

_ITK_PREFIX = re.compile(r".*?ITK ERROR:\s*", re.DOTALL)
_OBJECT_NAME = re.compile(r"^\w+\(0x[0-9a-fA-F]+\):\s*")


class UserError(Exception):
    """Something that the user can put right; shown without a traceback."""


class Interrupted(Exception):
    """The user pressed Ctrl-C; what was under way is undone."""


def description(error: BaseException) -> str:
    """Text of an error without what ITK puts before it: source file, line, class name and address."""
    if isinstance(error, UserError):
        return str(error)
    text = _OBJECT_NAME.sub("", _ITK_PREFIX.sub("", str(error), count=1)).strip()
    text = text.replace("ITK ERROR: ", "")  # of an error that this one reports
    if isinstance(error, MemoryError) or "bad_alloc" in text or "Failed to allocate memory" in text:
        return "not enough memory; give a smaller scale or a larger spacing"
    return text or type(error).__name__
