"""What follows from the benchmark's results: medians, ratios, shares of the machine's limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FLOAT32 = "float32"
SQUARE_PRODUCT = "gemm 2048³"


def median(case: dict[str, Any], kind: str, precision: str = FLOAT32) -> float | None:
    """Seconds; none where that did not run."""
    for timing in case["timings"]:
        if timing["kind"] == kind and timing["precision"] == precision:
            return timing["median"]
    return None


def precisions(case: dict[str, Any]) -> list[str]:
    """Those that the filter ran in, float32 first."""
    return [timing["precision"] for timing in case["timings"] if timing["kind"] == "filter"]


def best_rival(case: dict[str, Any]) -> float:
    """Seconds of PyTorch in the precision that it is fastest in."""
    return min(timing["median"] for timing in case["timings"] if timing["kind"] == "pytorch")


def where(case: dict[str, Any]) -> str:
    """The case in a few characters."""
    return f"{case['network']}, {case['size']}³, ×{case['scale']:g}"


def label(precision: str) -> str:
    """A precision in a few characters."""
    short = {"tensorfloat32": "tf32", "bfloat16": "bf16", "float16": "fp16", FLOAT32: "fp32"}
    return short.get(precision, precision)


@dataclass(frozen=True)
class Shares:
    """Rates as parts of the machine's in the same run; above 1 where a saving is counted as work."""

    decoder_done: float  # of the best matrix product's, counting what is really multiplied
    decoder_done_of_layer: float  # of the best of those that are as wide as the network
    decoder_written: float  # the same, counting the network as it is written down
    encoder_written: float  # of the convolution's


def shares(case: dict[str, Any], precision: str = FLOAT32) -> Shares:
    """For one precision that the filter ran in."""
    decode, encode = median(case, "decoder", precision), median(case, "encoder", precision)
    limits = case["limits_gflops"][precision]
    products = {name: rate for name, rate in limits.items() if name.startswith("gemm")}
    layer = max(rate for name, rate in products.items() if name != SQUARE_PRODUCT)
    convolution = next(rate for name, rate in limits.items() if name.startswith("conv3d"))
    voxels = 2e-9 * case["output_voxels"] / decode
    done = voxels * case["decoder_macs_done_per_output_voxel"][precision]
    best = max(products.values())
    return Shares(
        decoder_done=done / best,
        decoder_done_of_layer=done / layer,
        decoder_written=voxels * case["decoder_macs_per_output_voxel"] / best,
        encoder_written=2e-9 * case["size"] ** 3 * case["encoder_macs_per_lr_voxel"] / encode / convolution,
    )
