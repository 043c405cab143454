"""Results of the benchmark as Markdown tables and plots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import plots
from figures import FLOAT32, best_rival, median, precisions, shares, where


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Markdown, with an empty line behind it: the first column is text, the others are numbers."""
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return [*lines, ""]


def _seconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _machine(results: dict[str, Any]) -> list[str]:
    return _table(("machine", ""), ((name.replace("_", " "), str(value)) for name, value in results["machine"].items()))


def _commands(results: dict[str, Any]) -> list[str]:
    return ["```", *results["commands"], "```", ""]


def _speed(results: dict[str, Any]) -> list[str]:
    cases = results["cases"]
    head = ("case", "this filter (s)", "Mvoxel/s", "PyTorch (s)", "PyTorch bf16 (s)", "published (s)", "B-spline (s)")
    head += ("× PyTorch", "× published", "difference")

    def row(case: dict[str, Any]) -> Sequence[str]:
        ours, rival, published = (median(case, kind) for kind in ("filter", "pytorch", "published"))
        return (
            where(case),
            f"**{_seconds(ours)}**",
            f"{case['output_voxels'] / ours / 1e6:.3g}",
            _seconds(rival),
            _seconds(median(case, "pytorch", "bfloat16")),
            _seconds(published),
            _seconds(median(case, "spline")),
            f"**{rival / ours:.2f}**",
            f"**{published / ours:.0f}**",
            f"{case['largest_difference_to_pytorch']:.0e}",
        )

    return [
        "## Speed, float32",
        "",
        *_table(head, map(row, cases)),
        (
            "Host image to host image, networks prepared beforehand. PyTorch runs the encoder once and is shown in its "
            "best variant (chunk size, channels_last_3d, torch.compile; listed below). Published: the encoder runs for "
            "each slice; three slices are measured, and the time of all is extrapolated. Difference: the largest "
            "between this filter and PyTorch."
        ),
        "",
    ]


def _limit_shares(results: dict[str, Any]) -> list[str]:
    head = (
        "case",
        "precision",
        "decoder (s)",
        "decoder, done",
        "of its width's",
        "decoder, as written",
        "encoder (s)",
        "encoder, as written",
    )
    rows = []
    for case in results["cases"]:
        for precision in precisions(case):
            share = shares(case, precision)
            rows.append(
                (
                    where(case),
                    precision,
                    _seconds(median(case, "decoder", precision)),
                    f"**{share.decoder_done:.0%}**",
                    f"{share.decoder_done_of_layer:.0%}",
                    f"{share.decoder_written:.0%}",
                    _seconds(median(case, "encoder", precision)),
                    f"{share.encoder_written:.0%}",
                )
            )
    return [
        "## Share of the machine's limit",
        "",
        *_table(head, rows),
        (
            "Decoder: an update that finds the features of the last one; its rate as a share of the best matrix "
            "product's of the same run and precision. *Done* counts the multiply-accumulates of the matrix products "
            "that are really run (first layers run on the LR grid), *of its width's* compares them with the best "
            "product as wide as the network, *as written* counts those of the network as it is written down. Encoder: "
            "an update of one voxel; its convolutions as they are written down, as a share of one convolution's rate: "
            "above 100 % where Winograd's F(2×2×2, 3×3×3) does with 27/8 times fewer multiplications."
        ),
        "",
    ]


def _precisions(results: dict[str, Any]) -> list[str]:
    head = ("case", "precision", "this filter (s)", "× float32", "PyTorch (s)", "× best PyTorch", "× published")
    head += ("largest difference", "PSNR (dB)")
    rows = []
    for case in results["cases"]:
        for precision in precisions(case)[1:]:
            ours = median(case, "filter", precision)
            error = case["errors"][precision]
            rows.append(
                (
                    where(case),
                    precision,
                    f"**{_seconds(ours)}**",
                    f"**{median(case, 'filter') / ours:.2f}**",
                    _seconds(median(case, "pytorch", precision)),
                    f"{best_rival(case) / ours:.2f}",
                    f"{median(case, 'published') / ours:.0f}",
                    f"{error['largest']:.1e}",
                    "∞" if error["psnr"] is None else f"{error['psnr']:.1f}",
                )
            )
    refused = {f"{where(case)}: {name}: {why}" for case in results["cases"] for name, why in case["refused"].items()}
    if not rows and not refused:
        return []
    lines = ["## Other precisions", ""]
    if rows:
        lines += [
            *_table(head, rows),
            (
                "Largest difference and PSNR are to float32, of the range of its intensities; random weights and "
                "voxels. Best PyTorch: in whichever precision it is fastest."
            ),
            "",
        ]
    if refused:
        lines += ["Left out:", "", *(f"- {line}" for line in sorted(refused)), ""]
    return lines


def _growth(results: dict[str, Any]) -> list[str]:
    cases = results.get("growth", [])
    if not cases:
        return []
    head = ("case", "precision", "n³ (s)", "2n × n × n (s)", "ratio", f"{cases[0]['divisions']} divisions (s)", "ratio")
    head += ("tiles encoded",)
    rows = (
        (
            where(case),
            case["precision"],
            _seconds(case["seconds"]),
            _seconds(case["seconds_of_doubled_volume"]),
            f"**{case['seconds_of_doubled_volume'] / case['seconds']:.2f}**",
            _seconds(case["seconds_in_divisions"]),
            f"**{case['seconds_in_divisions'] / case['seconds']:.3f}**",
            f"{case['encoded_tiles']}, {case['encoded_tiles_in_divisions']}",
        )
        for case in cases
    )
    return [
        "## Larger volumes and streaming",
        "",
        *_table(head, rows),
        "Tiles encoded: in one update at once, and in one update in divisions.",
        "",
    ]


def _memory(results: dict[str, Any]) -> list[str]:
    rows = results.get("memory", [])
    done = [row for row in rows if "failed" not in row]
    if not rows:
        return []
    lines = ["## Memory", ""]
    on_device = any("device_mib" in row for row in done)
    if done:
        head = ("case", "precision", "output", "budget (MiB)", "host peak (MiB)", *["device peak (MiB)"] * on_device)
        head += ("of the budget", "tiles encoded", "time (s)")
        lines += _table(head, (_memory_row(row, on_device) for row in done))
        lines += [
            (
                "Each line is a process of its own. Host peak: the largest resident set less that before the update, "
                "and less the output where that is an image; where it is a file, what is buffered for it counts. "
                "Device peak: what torch's allocator gave at most. Of the budget: on a GPU the device's peak, else "
                "the host's."
            ),
            "",
        ]
    notes = {row["note"] for row in done if row["note"]}
    notes |= {f"{where(row)}, {row['budget']} MiB: not measured: {row['failed']}" for row in rows if "failed" in row}
    if notes:
        lines += [*(f"- {note}" for note in sorted(notes)), ""]
    return lines


def _memory_row(row: dict[str, Any], on_device: bool) -> Sequence[str]:
    output = f"file in {row['file_divisions']} divisions" if row["file_divisions"] else "image"
    peak = row.get("device_mib", row["host_mib"])
    return (
        where(row),
        row["precision"],
        f"{output}, {row['output_mib']:.0f} MiB",
        f"{row['budget']}",
        f"{row['host_mib']:.0f}",
        *([f"{row['device_mib']:.0f}" if "device_mib" in row else "–"] if on_device else []),
        f"**{peak / row['budget']:.0%}**",
        f"{row['encoded_tiles']}",
        _seconds(row["seconds"]),
    )


def _details(results: dict[str, Any]) -> list[str]:
    lines = ["## Details", "", "What PyTorch was fastest with:", ""]
    for case in results["cases"]:
        variants = [
            f"{timing['precision']}: {timing['note']}" for timing in case["timings"] if timing["kind"] == "pytorch"
        ]
        lines.append(f"- {where(case)}: {'; '.join(variants)}")
    lines += ["", "Limits (GFLOP/s):", ""]
    for case in results["cases"]:
        for precision, limits in case["limits_gflops"].items():
            rates = ", ".join(f"{name}: {rate:.3g}" for name, rate in limits.items())
            lines.append(f"- {where(case)}, {precision}: {rates}")
    lines += ["", "Multiply-accumulates (thousands):", ""]
    for case in results["cases"]:
        done = case["decoder_macs_done_per_output_voxel"][FLOAT32]
        lines.append(
            f"- {where(case)}: {case['encoder_macs_per_lr_voxel'] / 1e3:.0f} for an LR voxel; "
            f"{case['decoder_macs_per_output_voxel'] / 1e3:.1f} for an output voxel, {done / 1e3:.1f} done (float32)"
        )
    return [*lines, ""]


def markdown(results: dict[str, Any]) -> str:
    """All tables."""
    lines = [
        "# Benchmark",
        "",
        f"Medians of {results['rounds']} interleaved rounds.",
        "",
        *_machine(results),
        *_commands(results),
    ]
    if results["cases"]:
        lines += [*_speed(results), *_limit_shares(results), *_precisions(results)]
    lines += [*_growth(results), *_memory(results)]
    if results["cases"]:
        lines += _details(results)
    return "\n".join(lines).rstrip() + "\n"


def write(results: dict[str, Any], folder: Path) -> list[str]:
    """Write results.md and the plots; their names. Cases by network, size and scale."""
    cases = results["cases"]
    networks = list(dict.fromkeys(case["network"] for case in cases))
    ordered = sorted(cases, key=lambda case: (networks.index(case["network"]), case["size"], case["scale"]))
    results = {**results, "cases": ordered}
    (folder / "results.md").write_text(markdown(results), encoding="utf-8")
    return ["results.md", *plots.write(results, folder)]
