"""Makes a trained network of the local form larger without changing what it computes, to start a longer training from.

    python scripts/grow_model.py fast.safetensors grown.safetensors --channels 64 --blocks 9 --width 96

New channels, blocks and hidden units begin with random weights on their way in and zeros on their way out (Chen,
Goodfellow and Shlens, "Net2Net", ICLR 2016, with zeros instead of copies): the output stays, to rounding, and the
gradient of the zeros does not vanish. Then `arssr train … --init grown.safetensors` with a recipe of the same sizes.
"""

import argparse
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

Tensors = dict[str, np.ndarray]


def larger(old: np.ndarray | None, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """A weight [rows, columns, …] or a bias [rows] with the old one where that is.

    New rows of a weight are random; the new columns of old rows are 0. Without an old tensor, all rows are new.
    """
    new = np.zeros(shape, np.float32)
    if len(shape) > 1:
        new[:] = np.sqrt(2 / np.prod(shape[1:])) * random.standard_normal(shape)  # He et al., 2015
    if old is not None:
        new[: len(old)] = 0
        new[tuple(slice(length) for length in old.shape)] = old
    return new


def grow(old: Tensors, channels: int, blocks: int, width: int, seed: int) -> Tensors:
    """The tensors of the larger network."""
    random = np.random.default_rng(seed)
    kernel = old["encoder.start.weight"].shape[2:]
    new: Tensors = {}

    def layer(name: str, rows: int, columns: int, shape: tuple[int, ...] = ()) -> None:
        new[f"{name}.weight"] = larger(old.get(f"{name}.weight"), (rows, columns, *shape), random)
        new[f"{name}.bias"] = larger(old.get(f"{name}.bias"), (rows,), random)

    layer("encoder.start", channels, 1, kernel)
    for block in range(blocks):
        layer(f"encoder.blocks.{block}.0", channels, channels, kernel)
        last = f"encoder.blocks.{block}.1"
        layer(last, channels, channels, kernel)
        kept = len(old.get(f"{last}.weight", ()))
        new[f"{last}.weight"][kept:] = 0  # a new block adds nothing yet, an old one nothing to new channels
    features = len(old["encoder.end.weight"])
    layer("encoder.end", features, channels, kernel)
    layers = sorted({int(name.split(".")[2]) for name in old if name.startswith("decoder.layers.")})
    columns = old[f"decoder.layers.{layers[0]}.weight"].shape[1]
    for number in layers:
        rows = 1 if number == layers[-1] else width
        layer(f"decoder.layers.{number}", rows, columns)
        columns = rows
    return new


def main() -> None:
    """Grow a model file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    for name, of in (("channels", "hidden channels of the encoder"), ("blocks", "its blocks"), ("width", "the MLP's")):
        parser.add_argument(f"--{name}", type=int, required=True, help=of)
    parser.add_argument("--seed", type=int, default=0, help="of the random weights")
    arguments = parser.parse_args()
    with safe_open(arguments.source, "np") as file:
        metadata = dict(file.metadata() or {})
        old = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dictionary
    if metadata.get("encoder") != "Residual" or metadata.get("perceptron") != "plain":
        parser.error(
            f"{arguments.source} is not of the local form with the Residual encoder: nothing else can be grown"
        )
    sizes = {name: getattr(arguments, name) for name in ("channels", "blocks", "width")}
    for name, size in sizes.items():
        if size < int(metadata[name]):
            parser.error(f"--{name} {size} is less than the {metadata[name]} of {arguments.source}")
    new = grow(old, **sizes, seed=arguments.seed)
    metadata |= {name: str(size) for name, size in sizes.items()}
    metadata["grown_from"] = arguments.source.name
    save_file(new, arguments.target, metadata=metadata)
    print(f"{arguments.target}: {sum(tensor.size for tensor in new.values()):,} parameters, the same output")


if __name__ == "__main__":
    main()
