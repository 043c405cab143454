"""Results of the benchmark as a Markdown table and a plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

OURS = "this filter"
DECODER = "this filter, decoder alone"
RIVAL = "PyTorch, encoder once"
RIVAL_BF16 = "PyTorch, encoder once, bf16"
PUBLISHED = "published"
SPLINE = "ITK cubic B-spline"


def medians(case: dict[str, Any]) -> dict[str, float]:
    """Seconds of each method; the published one under its short name."""
    return {
        PUBLISHED if timing["method"].startswith(PUBLISHED) else timing["method"]: timing["median"]
        for timing in case["timings"]
    }


def shares(case: dict[str, Any]) -> tuple[float, float]:
    """Decoder's and encoder's rates as shares of the best matrix product's and of the convolution's."""
    seconds = medians(case)
    low = case["size"] ** 3
    high = round(case["size"] * case["scale"]) ** 3
    products = max(rate for name, rate in case["limits_gflops"].items() if name.startswith("sgemm"))
    convolution = next(rate for name, rate in case["limits_gflops"].items() if name.startswith("conv3d"))
    decoder = 2e-9 * high * case["decoder_macs_per_output_voxel"] / seconds[DECODER]
    encoder = 2e-9 * low * case["encoder_macs_per_lr_voxel"] / max(seconds[OURS] - seconds[DECODER], 1e-9)
    return decoder / products, encoder / convolution


def table(results: dict[str, Any]) -> str:
    """Markdown."""
    machine = results["machine"]
    lines = [
        f"Medians of {results['rounds']} interleaved rounds, float32, host image to host image. "
        + ", ".join(f"{name}: {value}" for name, value in machine.items())
        + ".",
        "",
        (
            "| network | LR | scale | this filter (s) | Mvoxel/s | PyTorch, encoder once (s) | PyTorch bf16 (s) | published (s)"
            " | B-spline (s) | × PyTorch | × published | decoder / best sgemm | encoder / conv3d | largest difference |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for case in results["cases"]:
        seconds = medians(case)
        decoder, encoder = shares(case)
        voxels = round(case["size"] * case["scale"]) ** 3
        bf16 = f"{seconds[RIVAL_BF16]:.3f}" if RIVAL_BF16 in seconds else ""
        lines.append(
            f"| {case['network']} | {case['size']}³ | {case['scale']:g} | {seconds[OURS]:.3f} "
            f"| {voxels / seconds[OURS] / 1e6:.3f} | {seconds[RIVAL]:.3f} | {bf16} | {seconds[PUBLISHED]:.1f} "
            f"| {seconds[SPLINE]:.3f} | {seconds[RIVAL] / seconds[OURS]:.2f} | {seconds[PUBLISHED] / seconds[OURS]:.0f} "
            f"| {decoder:.0%} | {encoder:.0%} | {case['largest_difference']:.1e} |"
        )
    lines += ["", "What PyTorch was fastest with:", ""]
    for case in results["cases"]:
        for timing in case["timings"]:
            if timing["note"]:
                where = f"{case['network']}, {case['size']}³, ×{case['scale']:g}"
                lines.append(f"- {where}: {timing['method']}: {timing['note']}")
    lines += ["", "Limits (GFLOP/s):", ""]
    for case in results["cases"]:
        rates = ", ".join(f"{name}: {rate:.0f}" for name, rate in case["limits_gflops"].items())
        lines.append(f"- {case['network']}, {case['size']}³, ×{case['scale']:g}: {rates}")
    lines += [
        "",
        (
            "The decoder's share counts the multiplications of the network as it is written down; those that are saved by applying "
            "a layer before sampling count as done. The published algorithm: three slices are measured, and extrapolated."
        ),
    ]
    return "\n".join(lines) + "\n"


def plot(results: dict[str, Any], path: Path) -> None:
    """Throughput of each method."""
    cases = results["cases"]
    methods = [PUBLISHED, RIVAL, OURS]
    figure, axes = plt.subplots(figsize=(1.5 + 1.1 * len(cases), 4), layout="constrained")
    for place, method in enumerate(methods):
        rates = [round(case["size"] * case["scale"]) ** 3 / medians(case)[method] / 1e6 for case in cases]
        positions = [number + 0.27 * (place - 1) for number in range(len(cases))]
        axes.bar(positions, rates, 0.25, label=method)
    axes.set_yscale("log")
    axes.set_ylabel("Mvoxel/s of output")
    axes.set_xticks(range(len(cases)), [f"{c['network']}\n{c['size']}³ ×{c['scale']:g}" for c in cases])
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def write(results: dict[str, Any], folder: Path) -> None:
    """Write results.md and throughput.png."""
    (folder / "results.md").write_text(table(results), encoding="utf-8")
    plot(results, folder / "throughput.png")
