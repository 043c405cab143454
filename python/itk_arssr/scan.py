"""How a scan was taken: as the user says, its BIDS sidecar, the image itself, or nobody.

dcm2niix writes a sidecar for DICOM files, and BIDS lays one beside an image, ``scan.json`` beside ``scan.nii.gz``
(https://bids-specification.readthedocs.io). Of it count MRAcquisitionType, SliceThickness, AcquisitionMatrixPE,
ReconMatrixPE, BaseResolution and the direction of phase encoding. The axes of a 3-D scan, and those within the slices
of a 2-D scan, sample k-space, up to a lower frequency than that of the grid where the scanner interpolated. Slices of a
2-D scan have a profile whose full width at half maximum is their thickness, whatever their distance. A sidecar does not
tell of noise: the image does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import itk

from itk_arssr.errors import UserError, description
from itk_arssr.noise import ScanNoise, estimated_noise
from itk_arssr.origins import ASSUMED, GIVEN, SIDECAR

_AXES = "xyz"
_THROUGH_SLICES = 2  # the axis across slices in an image of dcm2niix
_PHASE_AXES = {"i": 0, "j": 1, "k": 2, "ROW": 0, "COL": 1}
_INTERPOLATED = 1.02  # matrices that differ by less are those of a scan as it was acquired


@dataclass(frozen=True)
class Told:
    """What the user says of a scan."""

    profile: str = ""  # in the words of itk::ArSSRAcquisition
    slice_thickness: float | None = None  # mm
    noise: str = ""  # standard deviation in the scan's intensities, and the kind: 12:rician

    def __bool__(self) -> bool:
        return bool(self.profile or self.noise) or self.slice_thickness is not None

    @property
    def acquisition(self) -> itk.ArSSRAcquisition:
        """What is said, but for the thickness of slices, whose axis the scan tells."""
        said = itk.ArSSRAcquisition.FromText(self.profile or "auto")
        if self.noise:
            if said.IsNoiseKnown():
                raise UserError(
                    f"--noise {self.noise} and --profile '{self.profile}' both say what the noise is; give one of them"
                )
            noise = itk.ArSSRAcquisition.FromText(f"noise={self.noise}")
            said.SetNoise(noise.GetNoise(), noise.GetNoiseKind())
        return said


@dataclass(frozen=True)
class ScanDescription:
    """How a scan was taken, and where each part of that is from."""

    acquisition: itk.ArSSRAcquisition  # resolved: widths in mm
    origins: tuple[str, str, str]  # of the point spreads along x, y and z
    noise: ScanNoise | None = None  # None where nobody says and the image was not looked at
    notes: tuple[str, ...] = ()  # for the user

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """Axes that are alike, their point spread, and where it is from."""
        alike: dict[tuple[str, str], str] = {}
        for axis, origin in enumerate(self.origins):
            key = (self.acquisition.GetPointSpread(axis).ToText(), origin)
            alike[key] = alike.get(key, "") + _AXES[axis]
        return [(axes, spread, origin) for (spread, origin), axes in alike.items()]

    @property
    def table(self) -> list[tuple[str, str]]:
        """What is known, row by row: its name, and what it is and where that is from."""
        spreads = [
            (f"point spread along {', '.join(axes)}", f"{spread} mm, {origin}") for axes, spread, origin in self.rows
        ]
        return [*spreads, *([("noise", f"{self.noise.text}, {self.noise.origin}")] if self.noise else [])]

    def __str__(self) -> str:
        parts = [f"{', '.join(axes)} {spread} mm ({origin})" for axes, spread, origin in self.rows]
        return "; ".join(parts if self.noise is None else [*parts, str(self.noise)])


def parse_profile(text: str) -> str:
    """``z=box:4,xy=sinc``: what itk::ArSSRAcquisition reads."""
    try:
        itk.ArSSRAcquisition.FromText(text)
    except RuntimeError as error:
        raise ValueError(description(error)) from None
    return text


def parse_noise(text: str) -> str:
    """``12`` or ``12:rician``: what itk::ArSSRAcquisition reads behind ``noise=``."""
    if "," in text:
        raise ValueError(f"'{text}' is not one noise; give its standard deviation, and its kind if you know: 12:rician")
    return parse_profile(f"noise={text}").removeprefix("noise=")


def noise_of(image: itk.ImageBase, told: Told) -> ScanNoise:
    """The noise of an image, and where it is known from: as the user says, or else as the image tells.

    Nothing is read where the user says.
    """
    return _said_noise(told.acquisition) or estimated_noise(image)


def _said_noise(acquisition: itk.ArSSRAcquisition) -> ScanNoise | None:
    if not acquisition.IsNoiseKnown():
        return None
    return ScanNoise(acquisition.GetNoise(), acquisition.GetNoiseKind(), GIVEN)


def describe_image(image: itk.ImageBase, parameters: Mapping[str, object], told: Told) -> ScanDescription:
    """The description of a scan; what neither the user nor the sidecar says is looked for in the image."""
    return describe(itk.spacing(image), itk.size(image), parameters, told, noise_of(image, told))


def describe(
    spacing: Sequence[float],
    size: Sequence[int],
    parameters: Mapping[str, object],
    told: Told,
    noise: ScanNoise | None = None,
) -> ScanDescription:
    """The description of a scan with this spacing, in mm, and this size; by the user first, then by the sidecar.

    ``noise`` is what counts where the user does not say.
    """
    given = told.acquisition
    noise = _said_noise(given) or noise
    slices = _axis_across_slices(spacing)
    if told.slice_thickness is not None and given.GetPointSpread(slices) != itk.ArSSRPointSpread():
        raise UserError(
            f"--slice-thickness {told.slice_thickness:g} and --profile '{told.profile}' both say what slices are along "
            f"{_AXES[slices]}; give one of them"
        )
    recorded = _recorded(spacing, size, parameters)
    acquisition = itk.ArSSRAcquisition()
    if noise is not None:
        acquisition.SetNoise(noise.deviation, noise.kind)
    origins = []
    for axis in range(3):
        spread, origin = given.GetPointSpread(axis), GIVEN
        if told.slice_thickness is not None and axis == slices:
            spread = itk.ArSSRPointSpread.Gaussian(told.slice_thickness)
        if spread == itk.ArSSRPointSpread():
            spread, origin = recorded.get(axis, (itk.ArSSRPointSpread.Gaussian(), ASSUMED))
        acquisition.SetPointSpread(axis, spread.Resolved(spacing[axis]))
        origins.append(origin)
    return ScanDescription(acquisition, (origins[0], origins[1], origins[2]), noise)


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
