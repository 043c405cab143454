"""Plots of the benchmark's results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from figures import FLOAT32, label, median, precisions, shares
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

Bars = dict[str, tuple[str, list[float | None]]]  # by name: colour and heights, one for each case

_GREY, _ORANGE, _BLUE, _GREEN, _SKY, _PINK = "#999999", "#e69f00", "#0072b2", "#009e73", "#56b4e9", "#cc79a7"
_OURS = {FLOAT32: _BLUE, "tensorfloat32": _SKY, "bfloat16": _GREEN, "float16": _PINK}
_INCHES_OF_A_BAR = 0.22
_FEWEST_CASES = 2.5  # that a panel has the width for
_MOST_BARS_WITH_NUMBERS = 27
_DARK = (_BLUE, _GREEN)


def _plain(value: float, _position: int | None = None) -> str:
    return f"{value:g}"


def _panels(cases: list[dict[str, Any]], bars: Callable[[list[dict[str, Any]]], Bars], axis: str, path: Path) -> Axes:
    """Bars in a panel for each network; the first panel's axes, the figure stays open."""
    networks = list(dict.fromkeys(case["network"] for case in cases))
    groups = [[case for case in cases if case["network"] == network] for network in networks]
    most = max(len(group) for group in groups)
    count = max(len(bars(group)) for group in groups)
    size = (max(1.8 + most * max((count + 1.2) * _INCHES_OF_A_BAR, 0.9), 6.4), 0.9 + 2.1 * len(groups))
    figure, column = plt.subplots(
        len(groups), 1, figsize=size, sharey=True, squeeze=False, layout="constrained", num=str(path), clear=True
    )
    for axes, network, group in zip(column[:, 0], networks, groups, strict=True):
        heights = bars(group)
        width = 0.84 / len(heights)
        for place, (name, (colour, values)) in enumerate(heights.items()):
            offset = (place - (len(heights) - 1) / 2) * width
            shown = [(number + offset, value) for number, value in enumerate(values) if value]
            axes.bar([x for x, _ in shown], [y for _, y in shown], 0.92 * width, label=name, color=colour)
        axes.set_xticks(range(len(group)), [f"{case['size']}³ ×{case['scale']:g}" for case in group])
        margin = max(_FEWEST_CASES - most, 0) / 2
        axes.set_xlim(-0.6 - margin, most - 0.4 + margin)
        axes.set_title(network, loc="left", fontsize=10, fontweight="bold")
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_axisbelow(True)
        axes.grid(axis="y", color="#e0e0e0", linewidth=0.6)
    figure.supylabel(axis, fontsize=10)
    names, handles = [], []
    for axes in column[:, 0]:
        for handle, name in zip(*axes.get_legend_handles_labels(), strict=True):
            if name not in names:
                names.append(name)
                handles.append(handle)
    columns = min(len(names), max(int(size[0] // 1.9), 2))
    figure.legend(handles, names, loc="outside upper left", ncols=columns, frameon=False, fontsize=9)
    return column[0, 0]


def _save(path: Path) -> None:
    figure = plt.figure(str(path))
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _name(what: str, precision: str, several: bool) -> str:
    return f"{what}, {label(precision)}" if several else what


def throughput(cases: list[dict[str, Any]], path: Path) -> None:
    """Output voxels a second of each way, on a logarithmic axis."""
    used = list(dict.fromkeys(precision for case in cases for precision in precisions(case)))

    def bars(group: list[dict[str, Any]]) -> Bars:
        def rates(kind: str, precision: str) -> list[float | None]:
            seconds = [median(case, kind, precision) for case in group]
            return [
                case["output_voxels"] / time / 1e6 if time else None for case, time in zip(group, seconds, strict=True)
            ]

        result: Bars = {
            "published, per slice": (_GREY, rates("published", FLOAT32)),
            "PyTorch, encoder once": (_ORANGE, rates("pytorch", FLOAT32)),
        }
        bfloat16 = rates("pytorch", "bfloat16")
        if any(bfloat16):
            result["the same, bf16"] = ("#f5d28a", bfloat16)
        for precision in used:
            result[_name("this filter", precision, len(used) > 1)] = (_OURS[precision], rates("filter", precision))
        return result

    axes = _panels(cases, bars, "output, Mvoxel/s", path)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(_plain))
    axes.yaxis.set_minor_formatter(NullFormatter())
    _save(path)


def limit_shares(cases: list[dict[str, Any]], path: Path) -> None:
    """Decoder and encoder against the machine's own rates."""
    used = list(dict.fromkeys(precision for case in cases for precision in precisions(case)))

    def bars(group: list[dict[str, Any]]) -> Bars:
        result: Bars = {}
        for precision in used:
            found = [shares(case, precision) if precision in precisions(case) else None for case in group]
            several = len(used) > 1
            result[_name("decoder, done", precision, several)] = (
                _OURS[precision],
                [share and share.decoder_done for share in found],
            )
            if not several:
                result["decoder, as written"] = (_SKY, [share and share.decoder_written for share in found])
            if precision == FLOAT32:
                result[_name("encoder, as written", precision, several)] = (
                    _ORANGE,
                    [share and share.encoder_written for share in found],
                )
        return result

    axes = _panels(cases, bars, "share of the best gemm's and conv3d's rate", path)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    for panel in axes.figure.axes:
        panel.axhline(1.0, color="black", linewidth=0.9, linestyle="--")
        if len(panel.patches) <= _MOST_BARS_WITH_NUMBERS:
            _number_bars(panel)
    _save(path)


def _number_bars(axes: Axes) -> None:
    """Percent, at the foot of each bar, where no line crosses them."""
    dark = [mpl.colors.to_rgba(colour) for colour in _DARK]
    for bar in axes.patches:
        axes.annotate(
            f"{100 * bar.get_height():.0f}",
            (bar.get_x() + bar.get_width() / 2, 0),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7.5,
            color="white" if bar.get_facecolor() in dark else "black",
        )


def memory(rows: list[dict[str, Any]], path: Path) -> None:
    """Peaks against the output's size, a line for each budget, in a panel for each network."""
    networks = list(dict.fromkeys(row["network"] for row in rows))
    budgets = sorted({row["budget"] for row in rows})
    colours = {budget: plt.get_cmap("viridis")(0.1 + 0.75 * n / len(budgets)) for n, budget in enumerate(budgets)}
    figure, panels = plt.subplots(
        1,
        len(networks),
        figsize=(max(3.2 * len(networks), 4.2) + 1.8, 3.8),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    handles: dict[str, Any] = {}
    for axes, network in zip(panels[0], networks, strict=True):
        for budget in budgets:
            points = sorted(
                (4 * _voxels(row) / (1 << 20), max(row.get("device_mib", row["host_mib"]), 0.5))
                for row in rows
                if row["network"] == network and row["budget"] == budget
            )
            if not points:
                continue
            colour = colours[budget]
            (line,) = axes.plot(*zip(*points, strict=True), marker="o", markersize=4, color=colour)
            handles[f"{budget} MiB"] = line
            axes.axhline(budget, color=colour, linewidth=0.9, linestyle="--")
        axes.set_xscale("log")
        axes.set_yscale("log", base=2)
        for one in (axes.xaxis, axes.yaxis):
            one.set_major_formatter(FuncFormatter(_plain))
            one.set_minor_formatter(NullFormatter())
        axes.set_title(network, loc="left", fontsize=10, fontweight="bold")
        axes.set_xlabel("output (MiB)")
        axes.spines[["top", "right"]].set_visible(False)
    device = any("device_mib" in row for row in rows)
    panels[0][0].set_ylabel(f"peak on the {'device' if device else 'host'} (MiB)")
    title = "MemoryBudget\n(dashed)"
    figure.legend(handles.values(), handles, loc="outside right upper", frameon=False, fontsize=9, title=title)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _voxels(row: dict[str, Any]) -> int:
    return round(row["size"] * row["scale"]) ** 3


def write(results: dict[str, Any], folder: Path) -> list[str]:
    """All that there are results for; the files' names."""
    written = []
    if results["cases"]:
        throughput(results["cases"], folder / "throughput.png")
        limit_shares(results["cases"], folder / "limits.png")
        written += ["throughput.png", "limits.png"]
    rows = [row for row in results.get("memory", []) if "failed" not in row and not row["file_divisions"]]
    if rows:
        memory(rows, folder / "memory.png")
        written.append("memory.png")
    return written
