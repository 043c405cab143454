"""What exceptions say, for people."""

from __future__ import annotations


def reason(error: Exception) -> str:
    """What an exception says, without places in files and addresses."""
    text = str(error).strip()
    if "ITK ERROR:" in text:
        text = text.rsplit("ITK ERROR:", 1)[1]
        text = text.split("): ", 1)[-1]
    return " ".join(text.split("\n", 1)[0].split())
