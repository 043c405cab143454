"""How a scan was taken, according to the user, its BIDS sidecar, the image itself, or an assumption.

dcm2niix writes a sidecar for DICOM files, and BIDS puts one beside an image, ``scan.json`` beside ``scan.nii.gz``
(https://bids-specification.readthedocs.io). Its fields MRAcquisitionType, SliceThickness, AcquisitionMatrixPE,
ReconMatrixPE, BaseResolution and the direction of phase encoding are used. The axes of a 3-D scan, and the in-plane
axes of a 2-D scan, sample k-space, up to a lower frequency than that of the grid if the scanner interpolated. Slices of
a 2-D scan have a profile whose full width at half maximum is their thickness, whatever their distance. A sidecar does
not give the noise; the image does. If neither user nor sidecar tells, the image also shows interpolation: its spectrum
then ends before its grid's Nyquist frequency.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import itk

from itk_arssr.acquisition.interpolation import Interpolation, estimated_interpolation
from itk_arssr.acquisition.noise import ScanNoise, estimated_noise
from itk_arssr.acquisition.origins import ASSUMED, GIVEN, IMAGE, SIDECAR
from itk_arssr.common.errors import UserError, description

_AXES = "xyz"
_THROUGH_SLICES = 2  # the axis across slices in an image of dcm2niix
_PHASE_AXES = {"i": 0, "j": 1, "k": 2, "ROW": 0, "COL": 1}
_LONG_NUMBER = re.compile(r"\d+\.\d{3,}")
_BY_SCANNER = "interpolated ×{:.3g} by the scanner"
_INTERPOLATED = 1.02  # matrices that differ by less mean that the scanner did not interpolate


@dataclass(frozen=True)
class Told:
    """What the user says about a scan."""

    profile: str = ""  # in the words of itk::ArSSRAcquisition
    slice_thickness: float | None = None  # mm
    noise: str = ""  # standard deviation in the scan's intensities, and the kind: 12:rician

    def __bool__(self) -> bool:
        return bool(self.profile or self.noise) or self.slice_thickness is not None

    @property
    def acquisition(self) -> itk.ArSSRAcquisition:
        """What the user says, except for the slice thickness, whose axis depends on the scan."""
        said = itk.ArSSRAcquisition.FromText(self.profile or "auto")
        if self.noise:
            if said.IsNoiseKnown():
                raise UserError(
                    f"--noise {self.noise} and --profile '{self.profile}' both set the noise; give one of them"
                )
            noise = itk.ArSSRAcquisition.FromText(f"noise={self.noise}")
            said.SetNoise(noise.GetNoise(), noise.GetNoiseKind())
        return said


@dataclass(frozen=True)
class ScanDescription:
    """How a scan was taken, and the source of each part of that."""

    acquisition: itk.ArSSRAcquisition  # resolved: widths in mm
    origins: tuple[str, str, str]  # of the point spreads along x, y and z
    noise: ScanNoise | None = None  # None if nobody gives it and the image was not analysed
    interpolation: Interpolation | None = None  # None if the image was not analysed
    notes: tuple[str, ...] = ()  # for the user

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """Axes that are alike, their point spread, and its source."""
        alike: dict[tuple[str, str], str] = {}
        for axis, origin in enumerate(self.origins):
            key = (_rounded(self.acquisition.GetPointSpread(axis).ToText()), origin)
            alike[key] = alike.get(key, "") + _AXES[axis]
        return [(axes, spread, origin) for (spread, origin), axes in alike.items()]

    @property
    def table(self) -> list[tuple[str, str]]:
        """What is known, row by row: its name, then its value and source."""
        table = [
            (f"point spread along {', '.join(axes)}", f"{spread} mm, {origin}") for axes, spread, origin in self.rows
        ]
        if self.interpolation is not None:
            table.append(("interpolation by the scanner", f"{self.interpolation}, {IMAGE}"))
        if self.noise is not None:
            table.append(("noise", f"{self.noise.text}, {self.noise.origin}"))
        return table

    def __str__(self) -> str:
        parts = [f"{', '.join(axes)} {spread} mm ({origin})" for axes, spread, origin in self.rows]
        return "; ".join(parts if self.noise is None else [*parts, str(self.noise)])


def _rounded(spread: str) -> str:
    """A point spread's text for display, with four digits for each number."""
    return _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.4g}", spread)


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
        raise ValueError(f"'{text}' is not a noise level; give a standard deviation, and its kind if known: 12:rician")
    return parse_profile(f"noise={text}").removeprefix("noise=")


def noise_of(image: itk.ImageBase, told: Told) -> ScanNoise:
    """The noise of an image and its source: the user, or else an estimate from the image.

    Nothing is read if the user gives the noise.
    """
    return _said_noise(told.acquisition) or estimated_noise(image)


def _said_noise(acquisition: itk.ArSSRAcquisition) -> ScanNoise | None:
    if not acquisition.IsNoiseKnown():
        return None
    return ScanNoise(acquisition.GetNoise(), acquisition.GetNoiseKind(), GIVEN)


def describe_image(image: itk.ImageBase, parameters: Mapping[str, object], told: Told) -> ScanDescription:
    """The description of a scan; what neither the user nor the sidecar gives is estimated from the image."""
    noise, interpolation = noise_of(image, told), estimated_interpolation(image)
    return describe(itk.spacing(image), itk.size(image), parameters, told, noise, interpolation)


def describe(
    spacing: Sequence[float],
    size: Sequence[int],
    parameters: Mapping[str, object],
    told: Told,
    noise: ScanNoise | None = None,
    interpolation: Interpolation | None = None,
) -> ScanDescription:
    """The description of a scan with this spacing, in mm, and this size.

    The user comes first, then the sidecar, then the estimates from the image, ``noise`` and ``interpolation``.
    """
    given = told.acquisition
    noise = _said_noise(given) or noise
    slices = _axis_across_slices(spacing)
    if told.slice_thickness is not None and given.GetPointSpread(slices) != itk.ArSSRPointSpread():
        raise UserError(
            f"--slice-thickness {told.slice_thickness:g} and --profile '{told.profile}' both set the slice profile "
            f"along {_AXES[slices]}; give one of them"
        )
    seen = (1.0, 1.0, 1.0) if interpolation is None else interpolation.factors
    recorded = _recorded(spacing, size, parameters, seen)
    acquisition = itk.ArSSRAcquisition()
    if noise is not None:
        acquisition.SetNoise(noise.deviation, noise.kind)
    origins = []
    for axis in range(3):
        spread, origin = given.GetPointSpread(axis), GIVEN
        if told.slice_thickness is not None and axis == slices:
            spread = itk.ArSSRPointSpread.Gaussian(told.slice_thickness)
        if spread == itk.ArSSRPointSpread():
            spread, origin = recorded.get(axis) or _seen(spacing[axis], seen[axis])
        acquisition.SetPointSpread(axis, spread.Resolved(spacing[axis]))
        origins.append(origin)
    return ScanDescription(acquisition, (origins[0], origins[1], origins[2]), noise, interpolation)


def _axis_across_slices(spacing: Sequence[float]) -> int:
    """The axis of the largest spacing; the last axis if no spacing is largest."""
    largest = max(spacing)
    thick = [axis for axis, length in enumerate(spacing) if length > 0.99 * largest]
    return thick[0] if len(thick) == 1 else _THROUGH_SLICES


def _seen(spacing: float, factor: float) -> tuple[itk.ArSSRPointSpread, str]:
    """The point spread along an axis for which there is only the image, if that shows interpolation."""
    if factor <= 1:
        return itk.ArSSRPointSpread.Gaussian(), ASSUMED
    return itk.ArSSRPointSpread.Sinc(factor * spacing), f"{IMAGE}: {_BY_SCANNER.format(factor)}"


def _recorded(
    spacing: Sequence[float], size: Sequence[int], parameters: Mapping[str, object], seen: Sequence[float]
) -> dict[int, tuple[itk.ArSSRPointSpread, str]]:
    """What a sidecar gives for each axis, if anything; ``seen`` is the interpolation for axes without its own."""
    kind = parameters.get("MRAcquisitionType")
    if kind not in ("2D", "3D"):
        return {}
    scan = f"{SIDECAR}: {kind} scan"
    thickness = _positive(parameters, "SliceThickness")
    factors = _interpolation(size, parameters)
    if kind == "3D" and thickness is not None and thickness > _INTERPOLATED * spacing[_THROUGH_SLICES]:
        factors[_THROUGH_SLICES] = thickness / spacing[_THROUGH_SLICES]
    told = {}
    for axis, factor in enumerate(factors):
        if factor is not None and factor > 1:
            told[axis] = (itk.ArSSRPointSpread.Sinc(factor * spacing[axis]), f"{scan}, {_BY_SCANNER.format(factor)}")
        elif factor is None and seen[axis] > 1:
            origin = f"{scan}; {IMAGE}: {_BY_SCANNER.format(seen[axis])}"
            told[axis] = (itk.ArSSRPointSpread.Sinc(seen[axis] * spacing[axis]), origin)
        else:
            told[axis] = (itk.ArSSRPointSpread.Sinc(spacing[axis]), scan)
    if kind == "2D":
        del told[_THROUGH_SLICES]
        if thickness is not None:
            told[_THROUGH_SLICES] = (itk.ArSSRPointSpread.Gaussian(thickness), f"{SIDECAR}: slice thickness")
    return told


def _interpolation(size: Sequence[int], parameters: Mapping[str, object]) -> list[float | None]:
    """By how much the grid along x, y and z is finer than what was acquired; ``None`` where unknown."""
    direction = str(parameters.get("PhaseEncodingDirection") or parameters.get("PhaseEncodingAxis") or "")
    phase = _PHASE_AXES.get(direction.rstrip("-"))
    if phase is None:
        phase = _PHASE_AXES.get(str(parameters.get("InPlanePhaseEncodingDirectionDICOM")))
    factors: list[float | None] = [None, None, None]
    if phase in (0, 1):
        readout = 1 - phase
        acquired, reconstructed = (_positive(parameters, f"{name}MatrixPE") for name in ("Acquisition", "Recon"))
        base = _positive(parameters, "BaseResolution")
        if acquired is not None and reconstructed is not None:
            factors[phase] = reconstructed / acquired
        if base is not None:
            factors[readout] = size[readout] / base
    return [1.0 if factor is not None and factor <= _INTERPOLATED else factor for factor in factors]


def _positive(parameters: Mapping[str, object], name: str) -> float | None:
    value = parameters.get(name)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) and value > 0 else None
