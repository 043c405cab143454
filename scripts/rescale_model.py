"""Changes how bold a network of the local form is, without training: at which gain it sees intensities, and how much of
what it adds to the interpolation is taken.

    python scripts/rescale_model.py trained.safetensors out.safetensors --gain 0.7 --residual 1.05

The result is f(x) = skip(x) + residual / gain · (g(gain · x) - skip(gain · x)) for the network g: the first layer's
weights are multiplied by the gain, the last layer's by residual / gain. Choose both on validation images, as
`arssr evaluate` measures them. The metadata says what was done.
"""

import argparse
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

FIRST = "encoder.start.weight"


def last_layer(names: list[str]) -> str:
    """Name of the perceptron's last layer."""
    numbers = [int(name.split(".")[2]) for name in names if name.startswith("decoder.layers.")]
    return f"decoder.layers.{max(numbers)}"


def main() -> None:
    """Rescale a model file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--gain", type=float, default=1.0, help="by which the network sees intensities multiplied")
    parser.add_argument("--residual", type=float, default=1.0, help="by which what it adds is multiplied")
    arguments = parser.parse_args()
    if not (arguments.gain > 0 and arguments.residual > 0):
        parser.error("--gain and --residual must be above 0")
    with safe_open(arguments.source, "np") as file:
        metadata = dict(file.metadata() or {})
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
    if metadata.get("interpolation_skip", "none") == "none" or FIRST not in tensors:
        parser.error(
            f"{arguments.source} is not of the local form with the Residual encoder: nothing else can be rescaled"
        )
    last = last_layer(list(tensors))
    factors = {FIRST: arguments.gain}
    factors |= dict.fromkeys((f"{last}.weight", f"{last}.bias"), arguments.residual / arguments.gain)
    for name, factor in factors.items():
        tensors[name] = tensors[name] * np.float32(factor)
    metadata["rescaled"] = f"gain {arguments.gain:g}, residual {arguments.residual:g}"
    save_file(tensors, arguments.target, metadata=metadata)


if __name__ == "__main__":
    main()
