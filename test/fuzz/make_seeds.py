"""Writes the seeds: the smallest files of each format, with the tensors that let a network be told.

python test/fuzz/make_seeds.py test/fuzz/seeds
"""

import sys
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file


def main(folder: Path) -> None:
    """Write all seeds."""
    folder.mkdir(parents=True, exist_ok=True)
    one = {"encoder.sfe1.weight": torch.ones(1)}
    two = OrderedDict(a=torch.arange(2, dtype=torch.float16), b=torch.zeros(1, 2, dtype=torch.float64))
    shared = torch.arange(4.0)
    views = {"x": shared[1:3], "y": shared.view(2, 2).t(), "n": torch.tensor(1.0, dtype=torch.bfloat16)}
    nested = {"state_dict": {"module.encoder.start.weight": torch.ones(1, 1, 1, 1, 1)}}
    contents = {"one": one, "ordered": two, "views": views, "nested": nested, "empty": {}}
    for name, content in contents.items():
        torch.save(content, folder / f"{name}-zip")
        for protocol in (2, 4):
            torch.save(
                content,
                folder / f"{name}-legacy{protocol}",
                _use_new_zipfile_serialization=False,
                pickle_protocol=protocol,
            )
    save_file(one, folder / "one-safetensors")
    save_file(dict(two), folder / "metadata-safetensors", metadata={"format": "ArSSR", "trained_scale_min": "1.5"})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
