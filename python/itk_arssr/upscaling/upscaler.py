"""The filter set up from settings, with progress, and stopped by Ctrl-C at the next tile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import itk

from itk_arssr.acquisition.scan import ScanDescription, describe_image
from itk_arssr.common.atomic import make_folder
from itk_arssr.common.errors import UserError, description
from itk_arssr.common.watch import Progress, Watch
from itk_arssr.images import io
from itk_arssr.images.found import find, only
from itk_arssr.images.nifti import Space
from itk_arssr.images.overlap import check_overlap
from itk_arssr.images.resample import grid_of
from itk_arssr.upscaling.consistency import Agreement, Corrected, make_consistent
from itk_arssr.upscaling.settings import Settings

_UPSCALING_SHARE = 0.9  # of the progress, if the result is then compared with its scan


@dataclass(frozen=True)
class Written:
    """A result in a file: its grid, its agreement with its scan if that was measured, and notes for the user."""

    grid: itk.ImageBase
    scan: ScanDescription
    agreement: Agreement | None = None
    bounded: float = 0.0  # share of the voxels that were kept within the scan's local range
    notes: tuple[str, ...] = ()


def load_model(path: Path | None = None) -> itk.ArSSRModel:
    """Read a model: a file, or a bundled one by its name; by default the default model."""
    model = itk.ArSSRModel.New()
    try:
        file = Path(itk.ArSSRModel.FindModelFile(str(path or "")))
        if path is not None and not file.is_file():
            raise UserError(_not_a_model(path))
        model.ReadFile(str(file))
    except RuntimeError as error:
        raise UserError(description(error)) from error
    return model


def _not_a_model(path: Path) -> str:
    if path.exists():
        return f"{path} is not a model file"
    return f"{path} does not exist; bundled models: {', '.join(itk.ArSSRModel.GetBundledModelNames())}"


class Upscaler:
    """Super-resolves image after image with one model; the computation of each can be stopped."""

    def __init__(self, model: itk.ArSSRModel, settings: Settings, watch: Watch | None = None) -> None:
        self._model = model
        self._settings = settings
        self._watch = watch or Watch()
        like = settings.target.like
        self._like: io.Volume | None = None
        self._like_remarks: tuple[str, ...] = ()
        self.inputs: tuple[Path, ...] = ()
        if like is not None:
            found = find(like, settings.target.like_series)
            with only(found, "--like-series") as source:
                self._like, self.inputs = io.read_grid(source), source.files
                self._like_remarks = tuple(found.remarks)

    def to_file(
        self,
        volume: io.Volume,
        path: Path,
        on_progress: Progress,
        residual: Path | None = None,
        uncertainty: Path | None = None,
    ) -> Written:
        """Super-resolve into a file, and write maps of residual and uncertainty to others if these are named.

        The grid of another image that does not overlap the scan is refused before anything is computed.

        Writes piece by piece if the format allows, unless the result is compared with its scan, which needs all of it,
        or has an uncertainty map, which is made together with it.
        """
        for file in (path, residual or path, uncertainty or path):
            io.check_can_write(file)
        compared = bool(self._settings.consistency) or residual is not None
        upscale = self._filter(volume.image)
        upscale.SetComputeUncertainty(uncertainty is not None)
        with self._watch.errors_explained():
            upscale.UpdateOutputInformation()
        make_folder(path.parent)
        io.check_fits(path, upscale.GetOutput(), compared, uncertainty is not None)
        scan = self._described(volume)
        notes = (*self._notes(upscale.GetOutput(), volume), *scan.notes)
        if compared or uncertainty is not None:
            share = _UPSCALING_SHARE if compared else 1
            with self._watch.over(upscale, lambda fraction: on_progress(share * fraction)):
                upscale.Update()
            files = {} if uncertainty is None else {uncertainty: (upscale.GetUncertaintyMap(), self._space(volume))}
            image, agreement = upscale.GetOutput(), None
            if compared:
                corrected = self._corrected(image, volume, scan, on_progress)
                image, agreement = corrected.image, corrected.agreement
                if residual is not None:
                    files[residual] = (corrected.residual, volume.space)
            io.write_all({path: (image, self._space(volume)), **files})
            return Written(image, scan, agreement, _bounded_share(upscale), notes)
        divisions = io.stream_divisions(path, upscale.GetOutput())
        with self._watch.over(upscale, on_progress, divisions):
            io.write(upscale.GetOutput(), path, divisions, self._space(volume))
        return Written(upscale.GetOutput(), scan, bounded=_bounded_share(upscale), notes=notes)

    def _described(self, scan: io.Volume) -> ScanDescription:
        return describe_image(scan.image, scan.scan_parameters, self._settings.told)

    def _notes(self, result: itk.ImageBase, volume: io.Volume) -> tuple[str, ...]:
        """Notes on a grid given by another image, which need not lie where the scan does."""
        like = self._settings.target.like
        if like is None or self._like is None:
            return ()
        notes = [f"{like.name}: {note}" for note in (*self._like.notes, *self._like_remarks)]
        own, other = (getattr(place.space, "standard", "") for place in (volume, self._like))
        if own != other:
            notes.append(
                f"{like.name} is in {f'{other} space' if other else 'no standard space'}, the image in "
                f"{f'{own} space' if own else 'none'}: the result is right only if both are aligned"
            )
        note = check_overlap(grid_of(result), grid_of(volume.image), str(like)).note
        return (*notes, note) if note else tuple(notes)

    def _space(self, volume: io.Volume) -> Space | None:
        """The space of a result's grid: that of --like if it has one, or the image's own."""
        own = volume.space
        if self._like is None:
            return own
        return self._like.space or (own if own is not None and own.used else None)

    def _corrected(
        self, image: itk.Image, volume: io.Volume, scan: ScanDescription, on_progress: Progress
    ) -> Corrected:
        return make_consistent(
            image,
            volume.image,
            self._settings.consistency,
            self._watch,
            lambda fraction: on_progress(_UPSCALING_SHARE + (1 - _UPSCALING_SHARE) * fraction),
            self._settings.tolerance,
            scan.acquisition,
            scan.noise,
        )

    def to_image(self, image: itk.Image, on_progress: Progress, grid: itk.ImageBase | None = None) -> itk.Image:
        """Super-resolve in memory, on the settings' grid or on that of an image."""
        upscale = self._filter(image)
        if grid is not None:
            upscale.SetOutputParametersFromImage(grid)
        with self._watch.over(upscale, on_progress):
            upscale.Update()
        return upscale.GetOutput()

    def _filter(self, image: itk.Image) -> itk.ProcessObject:
        upscale = itk.ArbitraryScaleSuperResolutionImageFilter[type(image), type(image)].New(image)
        settings = self._settings
        upscale.SetModel(self._model)
        upscale.SetDevice(settings.device)
        upscale.SetPrecision(settings.precision)
        upscale.SetIntensityScaling(settings.intensity_scaling)
        upscale.SetBoundToNeighborhood(settings.bounded)
        upscale.SetQuality(settings.quality)
        if settings.target.scale is not None:
            upscale.SetScaleFactors(settings.target.scale.values)
        if settings.target.spacing is not None:
            upscale.SetOutputSpacing(settings.target.spacing.values)
        if self._like is not None:
            upscale.SetOutputParametersFromImage(self._like.image)
        if settings.memory_mib is not None:
            upscale.SetMemoryBudget(settings.memory_mib)
        if settings.window is not None:
            upscale.SetIntensityWindow(*settings.window)
        return upscale

    def interrupt(self) -> None:
        """End the computation at its next tile, and let no other computation start."""
        self._watch.interrupt()

    def raise_if_interrupted(self) -> None:
        """Raise ``Interrupted`` after ``interrupt``."""
        self._watch.raise_if_interrupted()


def _bounded_share(upscale: itk.ProcessObject) -> float:
    return upscale.GetNumberOfBoundedVoxels() / upscale.GetOutput().GetLargestPossibleRegion().GetNumberOfPixels()
