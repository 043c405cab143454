"""``arssr info``: describe a model, or how a scan was taken."""

from pathlib import Path
from typing import Annotated

import itk
import typer
from rich.markup import escape

from itk_arssr.acquisition.inspection import describe_source
from itk_arssr.commands.shared import heading, out, reports_mistakes, tell_note
from itk_arssr.commands.tables import text_table
from itk_arssr.common.wording import printable, times
from itk_arssr.images.formats import extension
from itk_arssr.images.found import find, only
from itk_arssr.images.io import read_grid
from itk_arssr.upscaling.upscaler import load_model

_TRAINED_FOR = "trained_acquisition"  # key in a model's metadata
_LONGEST_ENTRY = 10000  # characters of metadata that are shown
EXAMPLES = (
    "arssr info",
    "arssr info ArSSR_RDN.pkl",
    "arssr info scan.nii.gz",
)


@reports_mistakes
def info(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="Model (a file, or a bundled one's name) or scan; default: the default model."
        ),
    ] = None,
) -> None:
    """Describe a model, or how a scan was taken.

    For a model: its network, cost, halo and metadata, and the scans it was
    trained for.

    For a scan: the point spread along each axis and the noise, each with its
    source: the BIDS sidecar beside the scan, the scan itself (its noise, and
    interpolation by the scanner, which ends its spectrum early), or an
    assumption where neither tells.
    """
    if file is not None and (file.is_dir() or extension(file)):
        _show_scan(file)
    else:
        _show_model(file)


def _show_scan(place: Path) -> None:
    with only(find(place), "the folder of its series") as source:
        volume = read_grid(source)
        scan = describe_source(source)
    grid = volume.image
    heading(str(place))
    out.print(text_table([("voxels", times(itk.size(grid))), ("spacing", f"{times(itk.spacing(grid))} mm")]))
    heading("how it was taken")
    out.print(text_table(scan.table))
    for note in (*volume.notes, *scan.notes):
        tell_note(note)


def _show_model(model: Path | None) -> None:
    weights = load_model(model)
    names = itk.ArSSRModel.GetBundledModelNames()
    rows = [
        ("form", weights.GetFormAsString()),
        ("encoder", weights.GetEncoderAsString()),
        ("feature dimension", str(weights.GetFeatureDimension())),
        ("decoder depth", str(weights.GetDepth())),
        ("decoder width", str(weights.GetWidth())),
        ("parameters", f"{weights.GetNumberOfParameters():,}"),
        ("halo", f"{weights.GetHaloRadius()} voxels"),
        ("cost of the encoder", f"{weights.GetEncoderCost() / 1e6:.3g} MMAC per LR voxel"),
        ("cost of the decoder", f"{weights.GetDecoderCost() / 1e6:.3g} MMAC per output voxel"),
    ]
    metadata = weights.GetMetaDataDictionary()
    keys = sorted(metadata.GetKeys())
    acquisition = printable(str(metadata[_TRAINED_FOR])) if _TRAINED_FOR in keys else "not stated"
    rows.append(("trained for scans with", acquisition))
    if model is None:
        rows.append(("bundled models", ", ".join(names)))
    heading(str(model or f"bundled model {names[0]}"))
    out.print(text_table(rows))
    recipe = [key for key in keys if key.startswith("recipe.")]
    described = [key for key in keys if key not in recipe and key != _TRAINED_FOR]
    if described:
        heading("metadata")
        out.print(text_table([(printable(key), printable(str(metadata[key]), _LONGEST_ENTRY)) for key in described]))
    else:
        out.print("The file holds no metadata.")
    if recipe:
        heading("recipe")
        values = (f"{key.removeprefix('recipe.')} {metadata[key]}" for key in recipe)
        out.print(escape(", ".join(printable(value) for value in values)), highlight=False)
