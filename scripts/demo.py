"""Super-resolve a head MRI and compare with interpolation; see demo.sh."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import itk
import typer
from itk_arssr.commands.shared import checked, out, reports_mistakes
from itk_arssr.commands.tables import quality_table
from itk_arssr.common.bars import Bars
from itk_arssr.common.errors import UserError
from itk_arssr.common.options import PerAxis, parse_per_axis
from itk_arssr.common.signals import ends_on_ctrl_c
from itk_arssr.common.watch import Watch
from itk_arssr.common.wording import times
from itk_arssr.evaluation.comparison import caption
from itk_arssr.evaluation.metrics import compare
from itk_arssr.images import io
from itk_arssr.images.formats import stem
from itk_arssr.images.found import find, read_one
from itk_arssr.images.outputs import Inputs
from itk_arssr.images.resample import as_float, grid_of, resample
from itk_arssr.images.simulation import simulate_low_resolution
from itk_arssr.pictures.picture import Panel, Residuals, save_comparison
from itk_arssr.upscaling.consistency import Corrected, make_consistent
from itk_arssr.upscaling.settings import BackProjections, Settings, Target
from itk_arssr.upscaling.upscaler import Upscaler, load_model

_T = TypeVar("_T")

_ROOT = Path(__file__).resolve().parent.parent
_DEMO = _ROOT / "demo"
_SCAN = _DEMO / "brainweb_t1_crop.nii.gz"
_SCALE = "2.5"
_BORDER = 6  # voxels left out of the figures on every side: there, no method sees the whole surroundings
_ITERATIONS = 10  # of data consistency
_FULL_NAMES = {
    "linear": "linear interpolation",
    "B-spline": "cubic B-spline interpolation",
    "B-spline + DC": "cubic B-spline + data consistency",
    "SR": "super-resolution (ArSSR)",
    "SR + DC": "super-resolution + data consistency",
}
_BRAINWEB_NOTE = (
    "The bundled model was trained on BrainWeb volumes, this one among them: expect less gain on a new scan. "
    "Try `bash scripts/demo.sh --truth YOUR_SCAN.nii.gz`."
)


@dataclass(frozen=True)
class Outputs:
    """Files that a run writes."""

    volumes: Path
    name: str
    picture: Path

    def volume(self, method: str) -> Path:
        """NIfTI file of one method's result."""
        return self.volumes / f"{self.name}_{method.replace(' + ', '_')}.nii.gz"

    @property
    def files(self) -> tuple[Path, ...]:
        """All that may be written."""
        return (*(self.volume(method) for method in ("LR", *_FULL_NAMES)), self.picture)


@reports_mistakes
def demo(
    scan: Annotated[
        Path | None, typer.Argument(metavar="[SCAN]", help="Your own scan; the image in demo/ when left out.")
    ] = None,
    scale: Annotated[
        PerAxis,
        typer.Argument(
            metavar="[SCALE]",
            parser=checked(parse_per_axis),
            help="Voxels per voxel: 2.5, or 1,1,4 or 1x1x4 for x, y and z.",
        ),
    ] = _SCALE,
    truth: Annotated[
        bool, typer.Option("--truth", help="Simulate a low-resolution scan from SCAN and compare.")
    ] = False,
    output: Annotated[Path, typer.Option(help="Folder for the volumes.")] = _DEMO / "output",
) -> None:
    """Super-resolve a head MRI, compare it with linear and cubic B-spline interpolation, and draw a picture."""
    is_bundled = scan is None
    scan = scan or _SCAN
    name = stem(scan)
    picture = (
        _DEMO / "comparison.png" if is_bundled and output == _DEMO / "output" else output / f"{name}_comparison.png"
    )
    outputs = Outputs(output, name, picture)
    Inputs(find(scan).files).check_survive(outputs.files)
    if is_bundled or truth:
        _against_truth(scan, scale, outputs, _BRAINWEB_NOTE if is_bundled else "")
    else:
        _without_truth(scan, scale, outputs)


def _against_truth(scan: Path, scale: PerAxis, outputs: Outputs, note: str) -> None:
    """Degrade the scan, restore it in several ways, and measure how close each comes."""
    true = _step("Reading the high-resolution scan", lambda: as_float(read_one(scan).image))
    low = _step(
        f"Simulating a scan with {scale} times larger voxels (Gaussian, FWHM = voxel size)",
        lambda: simulate_low_resolution(true, scale.values),
    )
    grid = grid_of(true)
    linear = _step("Linear interpolation", lambda: resample(low, grid, "linear"))
    spline = _step("Cubic B-spline interpolation", lambda: resample(low, grid, "B-spline"))
    restored = _super_resolve(low, Target(like=scan))
    consistent = _consistent(restored, low, "SR")
    images = {
        "linear": linear,
        "B-spline": spline,
        "B-spline + DC": _consistent(spline, low, "B-spline").image,
        "SR": restored,
        "SR + DC": consistent.image,
    }
    array = itk.array_view_from_image
    qualities = {
        method: _step(f"PSNR and SSIM of {method}", lambda image=image: compare(array(true), array(image), _BORDER))
        for method, image in images.items()
    }
    io.write(low, outputs.volume("LR"))
    for method, image in images.items():
        io.write(image, outputs.volume(method))
    panels = [
        Panel("LR", low, _size(low)),
        *(Panel(method, images[method], caption(qualities[method])) for method in ("B-spline", "SR", "SR + DC")),
    ]
    title = (
        f"{outputs.name}: voxels {scale} times larger, then restored; DC: {_ITERATIONS} iterations of data consistency"
    )
    _step(
        "Drawing the picture",
        lambda: save_comparison(
            outputs.picture,
            panels,
            Panel("truth", true, _size(true)),
            errors_of=(1, 3),
            title=title,
            residuals=_residuals(restored, low, consistent),
        ),
    )
    out.print(f"\n[bold]×{scale} against the true scan[/], {_BORDER} voxels left out on every side")
    out.print(quality_table([(_FULL_NAMES[method], quality) for method, quality in qualities.items()]))
    if note:
        out.print(note, style="dim")
    _tell_files(outputs)
    spline, ours = qualities["B-spline"], qualities["SR"]
    if ours.psnr <= spline.psnr or ours.ssim <= spline.ssim:
        raise UserError("super-resolution does not beat B-spline interpolation here")


def _without_truth(scan: Path, scale: PerAxis, outputs: Outputs) -> None:
    """Super-resolve the scan as it is; only eyes and the residual can judge the result."""
    image = _step("Reading the scan", lambda: read_one(scan).image)
    restored = _super_resolve(image, Target(scale=scale))
    consistent = _consistent(restored, image, "SR")
    low, grid = as_float(image), grid_of(restored)
    linear = _step("Linear interpolation", lambda: resample(low, grid, "linear"))
    spline = _step("Cubic B-spline interpolation", lambda: resample(low, grid, "B-spline"))
    io.write(restored, outputs.volume("SR"))
    io.write(consistent.image, outputs.volume("SR + DC"))
    panels = [
        Panel("scan", image, _size(image)),
        Panel("linear", linear),
        Panel("B-spline", spline),
        Panel("SR", restored, _size(restored)),
        Panel("SR + DC", consistent.image),
    ]
    title = f"{outputs.name}, ×{scale}; DC: {_ITERATIONS} iterations of data consistency"
    residuals = _residuals(restored, image, consistent)
    _step("Drawing the picture", lambda: save_comparison(outputs.picture, panels, title=title, residuals=residuals))
    _tell_files(outputs)


def _super_resolve(image: itk.Image, target: Target) -> itk.Image:
    upscaler = Upscaler(load_model(), Settings(target))
    with ends_on_ctrl_c(upscaler), Bars(out) as bars:
        bars.begin("Super-resolution")
        return upscaler.to_image(image, bars.update)


def _consistent(image: itk.Image, low: itk.Image, method: str) -> Corrected:
    corrected = _step(f"Data consistency of {method}", lambda: _compared(image, low, _ITERATIONS))
    out.print(f"  {corrected.agreement}", highlight=False)
    return corrected


def _compared(image: itk.Image, low: itk.Image, iterations: int) -> Corrected:
    return make_consistent(image, low, BackProjections(iterations), Watch(), lambda _fraction: None)


def _residuals(restored: itk.Image, low: itk.Image, consistent: Corrected) -> Residuals:
    """The maps of super-resolution with their root mean squares, before and after data consistency."""
    agreement = consistent.agreement
    return Residuals(
        Panel("SR", _compared(restored, low, 0).residual, f"RMS {agreement.before:.3g}"),
        Panel("SR + DC", consistent.residual, f"RMS {agreement.after:.3g}"),
    )


def _step(text: str, work: Callable[[], _T]) -> _T:
    """Do one step of work, named while it runs."""
    out.print(f"{text} …")
    return work()


def _size(image: itk.Image) -> str:
    return f"{times(itk.size(image))} voxels"


def _tell_files(outputs: Outputs) -> None:
    for label, path in (("Super-resolved volume", outputs.volume("SR")), ("Picture", outputs.picture)):
        shown = path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path
        out.print(f"{label}: [bold]{shown}[/]", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    typer.run(demo)
