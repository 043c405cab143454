"""Volumes that share the positions of their slices, like echoes and dynamics: whether their slices are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from itk_arssr.images.dicom.frames import Frame
from itk_arssr.images.dicom.match import Misplaced, remedy_for_mixtures

_Volumes = Sequence[Sequence[Frame]]


def check_are_told_apart(volumes: _Volumes) -> None:
    """Refuse volumes, [volume][plane], whose slices may be mixed up.

    They are told apart by separate files, by an element that the slices of a volume have in common and other volumes do
    not, or by their scanner's numbers if these count volume by volume or plane by plane.
    """
    if len(volumes) < 2 or _have_own_files(volumes) or _have_own_marks(volumes) or _are_numbered(volumes):
        return
    raise Misplaced(
        f"{len(volumes)} volumes share the positions of its slices, and no number, time or other element of its files "
        f"shows which slices belong together. {remedy_for_mixtures(volumes[0])}"
    )


def _have_own_files(volumes: _Volumes) -> bool:
    files = [{id(frame.header) for frame in volume} for volume in volumes]
    return all(len(own) == 1 for own in files) and len(set.union(*files)) == len(volumes)


def _have_own_marks(volumes: _Volumes) -> bool:
    """Whether the elements that are constant in every volume differ between any two of them."""
    common = set.intersection(*(set(frame.marks) for volume in volumes for frame in volume))
    constant = [mark for mark in common if all(len({f.marks[mark] for f in volume}) == 1 for volume in volumes)]
    return len({tuple(volume[0].marks[mark] for mark in constant) for volume in volumes}) == len(volumes)


def _are_numbered(volumes: _Volumes) -> bool:
    orders = [[frame.order for frame in volume] for volume in volumes]
    every = [order for volume in orders for order in volume]
    if None in every or len(set(every)) < len(every):
        return False
    planes = list(zip(*orders, strict=True))
    ranks = {tuple(sorted(range(len(plane)), key=plane.__getitem__)) for plane in planes}
    return len(ranks) == 1 and (_follow_each_other(orders) or _follow_each_other(planes))


def _follow_each_other(groups: Sequence[Sequence[tuple[int, int]]]) -> bool:
    """Whether groups of numbers, taken in order, do not overlap."""
    ordered = sorted(groups, key=min)
    return all(max(one) < min(other) for one, other in pairwise(ordered))
