"""What commands print about files, qualities and models."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from itk_arssr.common.wording import times
from itk_arssr.evaluation.metrics import Quality
from itk_arssr.upscaling.batch import Result


def summary(results: Sequence[Result]) -> Table:
    """One row per file: its result, or what went wrong."""
    table = Table(show_lines=True)
    table.add_column("input", overflow="fold")
    table.add_column("result", overflow="fold")
    for result in results:
        table.add_row(escape(result.job.source.path.name), outcome(result))
    return table


def outcome(result: Result) -> str:
    """The outcome for a file, in rich's markup."""
    if result.error:
        return f"[red]failed:[/] {escape(result.error)}"
    if result.kept:
        return f"{escape(result.job.output.name)}\nexists, left as it is"
    notes = "".join(f"\n[yellow]note:[/] {escape(note)}" for note in result.notes)
    grid = f"{times(result.size)} voxels of {times(result.spacing)} mm"
    bounded = f"\n{_share(result.bounded)} of the voxels kept within the scan's local range" if result.bounded else ""
    scan = f"\nscan: {escape(result.scan)}" if result.scan else ""
    agreement = f"\n{result.agreement}" if result.agreement else ""
    return f"{escape(result.job.output.name)}\n{grid} in {result.seconds:.1f} s{scan}{bounded}{agreement}{notes}"


def _share(share: float) -> str:
    """A share in percent, with two digits."""
    return f"{100 * share:.2g} %" if share >= 0.0001 else "less than 0.01 %"


def quality_table(rows: Sequence[tuple[str, Quality]]) -> Table:
    """PSNR and SSIM, one row per image."""
    table = Table()
    table.add_column("image", overflow="fold")
    table.add_column("PSNR / dB", justify="right")
    table.add_column("SSIM", justify="right")
    for name, quality in rows:
        table.add_row(escape(name), f"{quality.psnr:.2f}", f"{quality.ssim:.4f}")
    return table


def text_table(rows: Sequence[tuple[str, str]]) -> Table:
    """Names and values."""
    table = Table(show_header=False)
    for row in rows:
        table.add_row(*(escape(text) for text in row))
    return table
