"""How values are put into words, the same everywhere."""

from collections.abc import Iterable


def times(lengths: Iterable[float]) -> str:
    """Sizes and spacings of an image, x first: ``90×90×80``, ``0.5×0.5×1.25``."""
    return "×".join(f"{length:.6g}" for length in lengths)


def printable(text: str, longest: int = 1000) -> str:
    """Text from an untrusted file, without control characters and cut to a length."""
    plain = "".join(character if character.isprintable() else " " for character in text[:longest])
    return plain + "…" if len(text) > longest else plain
