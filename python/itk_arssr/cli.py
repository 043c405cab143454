"""The command line ``arssr``: options and help; other modules do the work."""

import sys
from typing import Annotated

import itk
import typer

from itk_arssr import __version__
from itk_arssr.commands.compare import EXAMPLES as COMPARE_EXAMPLES
from itk_arssr.commands.compare import compare
from itk_arssr.commands.evaluate import EXAMPLES as EVALUATE_EXAMPLES
from itk_arssr.commands.evaluate import evaluate
from itk_arssr.commands.info import EXAMPLES as INFO_EXAMPLES
from itk_arssr.commands.info import info
from itk_arssr.commands.shared import examples
from itk_arssr.commands.train import EXAMPLES as TRAIN_EXAMPLES
from itk_arssr.commands.train import train
from itk_arssr.commands.upscale import EXAMPLES as UPSCALE_EXAMPLES
from itk_arssr.commands.upscale import upscale
from itk_arssr.common.streams import exit_status, open_closed_streams

app = typer.Typer(
    name="arssr",
    help="Super-resolve three-dimensional medical images at any scale.",
    epilog="Intended for research; not for diagnosis.",
    rich_markup_mode="rich",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"arssr {__version__} (ITK {itk.Version.GetITKVersion()})")
        raise typer.Exit


@app.callback()
def arssr(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Super-resolve three-dimensional medical images at any scale."""


for _command, _examples in (
    (upscale, UPSCALE_EXAMPLES),
    (info, INFO_EXAMPLES),
    (compare, COMPARE_EXAMPLES),
    (evaluate, EVALUATE_EXAMPLES),
    (train, TRAIN_EXAMPLES),
):
    app.command(epilog=examples(*_examples))(_command)


def _leave_out_tensors() -> None:
    """Keep ITK from loading the Python packages of PyTorch and xarray, whose arrays no command gives it.

    Loading them takes half of a command's start-up time. The names are private to ITK 5.4: if they disappear, nothing
    changes.
    """
    helpers = itk.support.helpers
    for name in ("_HAVE_TORCH", "_HAVE_XARRAY"):
        if hasattr(helpers, name):
            setattr(helpers, name, False)


def main() -> None:
    """Entry point of the program ``arssr``."""
    _leave_out_tensors()
    open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # for terminals that cannot show a character
    sys.exit(exit_status(app))
