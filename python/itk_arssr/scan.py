"""How a scan was taken, by what is said of it: by the user, by its BIDS sidecar, or by nobody.

dcm2niix writes a sidecar for DICOM files, and BIDS lays one beside an image, ``scan.json`` beside ``scan.nii.gz``
(https://bids-specification.readthedocs.io). Of it count MRAcquisitionType, SliceThickness, AcquisitionMatrixPE,
ReconMatrixPE, BaseResolution and the direction of phase encoding. The axes of a 3-D scan, and those within the slices
of a 2-D scan, sample k-space, up to a lower frequency than that of the grid where the scanner interpolated. Slices of a
2-D scan have a profile whose full width at half maximum is their thickness, whatever their distance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import itk

from itk_arssr.errors import UserError, description

_AXES = "xyz"
_THROUGH_SLICES = 2  # the axis across slices in an image of dcm2niix
_PHASE_AXES = {"i": 0, "j": 1, "k": 2, "ROW": 0, "COL": 1}
_INTERPOLATED = 1.02  # matrices that differ by less are those of a scan as it was acquired

GIVEN, SIDECAR, ASSUMED = "given", "sidecar", "assumed"


@dataclass(frozen=True)
class Told:
    """What the user says of a scan."""

    profile: str = ""  # in the words of itk::ArSSRAcquisition
    slice_thickness: float | None = None  # mm

    def __bool__(self) -> bool:
        return bool(self.profile) or self.slice_thickness is not None


@dataclass(frozen=True)
class ScanDescription:
    """How a scan was taken, and where each part of that is from."""

    acquisition: itk.ArSSRAcquisition  # resolved: widths in mm
    origins: tuple[str, str, str]  # of the point spreads along x, y and z

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """Axes that are alike, their point spread, and where it is from."""
        alike: dict[tuple[str, str], str] = {}
        for axis, origin in enumerate(self.origins):
            key = (self.acquisition.GetPointSpread(axis).ToText(), origin)
            alike[key] = alike.get(key, "") + _AXES[axis]
        return [(axes, spread, origin) for (spread, origin), axes in alike.items()]

    def __str__(self) -> str:
        return "; ".join(f"{', '.join(axes)} {spread} mm ({origin})" for axes, spread, origin in self.rows)


def parse_profile(text: str) -> str:
    """``z=box:4,xy=sinc``: what itk::ArSSRAcquisition reads."""
    try:
        itk.ArSSRAcquisition.FromText(text)
    except RuntimeError as error:
        raise ValueError(description(error)) from None
    return text


def describe(
    spacing: Sequence[float], size: Sequence[int], parameters: Mapping[str, object], told: Told
) -> ScanDescription:
    """The description of a scan with this spacing, in mm, and this size; by the user first, then by the sidecar."""
    given = itk.ArSSRAcquisition.FromText(told.profile or "auto")
    slices = _axis_across_slices(spacing)
    if told.slice_thickness is not None and given.GetPointSpread(slices) != itk.ArSSRPointSpread():
        raise UserError(
            f"--slice-thickness {told.slice_thickness:g} and --profile '{told.profile}' both say what slices are along "
            f"{_AXES[slices]}; give one of them"
        )
    recorded = _recorded(spacing, size, parameters)
    acquisition = itk.ArSSRAcquisition()
    acquisition.SetNoise(given.GetNoise(), given.GetNoiseKind())
    origins = []
    for axis in range(3):
        spread, origin = given.GetPointSpread(axis), GIVEN
        if told.slice_thickness is not None and axis == slices:
            spread = itk.ArSSRPointSpread.Gaussian(told.slice_thickness)
        if spread == itk.ArSSRPointSpread():
            spread, origin = recorded.get(axis, (itk.ArSSRPointSpread.Gaussian(), ASSUMED))
        acquisition.SetPointSpread(axis, spread.Resolved(spacing[axis]))
        origins.append(origin)
    return ScanDescription(acquisition, (origins[0], origins[1], origins[2]))


def _axis_across_slices(spacing: Sequence[float]) -> int:
    """The axis of the largest spacing; the last one where there is none."""
    largest = max(spacing)
    thick = [axis for axis, length in enumerate(spacing) if length > 0.99 * largest]
    return thick[0] if len(thick) == 1 else _THROUGH_SLICES


def _recorded(
    spacing: Sequence[float], size: Sequence[int], parameters: Mapping[str, object]
) -> dict[int, tuple[itk.ArSSRPointSpread, str]]:
    """What a sidecar tells of each axis, if anything."""
    kind = parameters.get("MRAcquisitionType")
    if kind not in ("2D", "3D"):
        return {}
    told = {}
    for axis, factor in enumerate(_interpolation(size, parameters)):
        interpolated = f", interpolated ×{factor:.3g} by the scanner" if factor > 1 else ""
        told[axis] = (itk.ArSSRPointSpread.Sinc(factor * spacing[axis]), f"{SIDECAR}: {kind} scan{interpolated}")
    thickness = _positive(parameters, "SliceThickness")
    if kind == "3D":
        if thickness is not None and thickness > _INTERPOLATED * spacing[_THROUGH_SLICES]:
            factor = thickness / spacing[_THROUGH_SLICES]
            origin = f"{SIDECAR}: 3D scan, interpolated ×{factor:.3g} by the scanner"
            told[_THROUGH_SLICES] = (itk.ArSSRPointSpread.Sinc(thickness), origin)
    elif thickness is None:
        del told[_THROUGH_SLICES]
    else:
        told[_THROUGH_SLICES] = (itk.ArSSRPointSpread.Gaussian(thickness), f"{SIDECAR}: thickness of slices")
    return told


def _interpolation(size: Sequence[int], parameters: Mapping[str, object]) -> tuple[float, float, float]:
    """By how much the grid along x, y and z is finer than what was acquired, within slices; 1 where it is not told."""
    direction = str(parameters.get("PhaseEncodingDirection") or parameters.get("PhaseEncodingAxis") or "")
    phase = _PHASE_AXES.get(direction.rstrip("-"))
    if phase is None:
        phase = _PHASE_AXES.get(str(parameters.get("InPlanePhaseEncodingDirectionDICOM")))
    factors = [1.0, 1.0, 1.0]
    if phase in (0, 1):
        readout = 1 - phase
        acquired, reconstructed = (_positive(parameters, f"{name}MatrixPE") for name in ("Acquisition", "Recon"))
        base = _positive(parameters, "BaseResolution")
        if acquired is not None and reconstructed is not None:
            factors[phase] = reconstructed / acquired
        if base is not None:
            factors[readout] = size[readout] / base
    factors = [factor if factor > _INTERPOLATED else 1.0 for factor in factors]
    return (factors[0], factors[1], factors[2])


def _positive(parameters: Mapping[str, object], name: str) -> float | None:
    value = parameters.get(name)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) and value > 0 else None
