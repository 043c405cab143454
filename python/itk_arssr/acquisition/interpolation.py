"""How much finer a scan's grid is than what the scanner acquired, estimated from the scan's spectra."""

from __future__ import annotations

from dataclasses import dataclass

import itk

_AXES = "xyz"


@dataclass(frozen=True)
class Interpolation:
    """By how much the grid along x, y and z is finer than what was acquired."""

    factors: tuple[float, float, float]  # 1 if it is not finer, 0 if the image does not show it

    def __str__(self) -> str:
        parts: dict[str, str] = {}
        for axis, factor in zip(_AXES, self.factors, strict=True):
            found = f"×{factor:.3g}" if factor > 1 else "none found" if factor == 1 else "unknown"
            parts[found] = parts.get(found, "") + axis
        return "; ".join(f"{', '.join(axes)} {found}" for found, axes in parts.items())


def estimated_interpolation(image: itk.ImageBase) -> Interpolation:
    """Estimate interpolation by zero filling from an image, which is read in slabs if its format allows."""
    estimator = itk.ArSSRInterpolationEstimator[type(image)].New(image)
    estimator.Compute()
    factors = estimator.GetFactors()
    return Interpolation((factors[0], factors[1], factors[2]))
