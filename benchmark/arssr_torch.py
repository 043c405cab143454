"""ArSSR networks in plain PyTorch: what the filter is measured against.

As a careful user would write them with `torch.nn.functional`: the encoder runs once, samples are drawn with
`grid_sample`, and the MLP is a list of `linear`. Weights are those of a model file's tensors, whose names are the
published ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as f


class Conv(nn.Module):
    """A 3-D convolution padded with zeros, by its tensors' name."""

    def __init__(self, weights: Mapping[str, torch.Tensor], name: str) -> None:
        super().__init__()
        self.weight = nn.Parameter(weights[f"{name}.weight"], requires_grad=False)
        self.bias = nn.Parameter(weights[f"{name}.bias"], requires_grad=False)
        self.padding = self.weight.shape[-1] // 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [1, C, z, y, x] to [1, D, z, y, x]."""
        return f.conv3d(x, self.weight, self.bias, padding=self.padding)


class RDN(nn.Module):
    """Residual dense network."""

    def __init__(self, weights: Mapping[str, torch.Tensor]) -> None:
        super().__init__()
        self.first = Conv(weights, "encoder.sfe1")
        self.second = Conv(weights, "encoder.sfe2")
        self.dense = nn.ModuleList(
            nn.ModuleList(Conv(weights, f"encoder.rdbs.{block}.layers.{layer}.conv") for layer in range(3))
            for block in range(8)
        )
        self.fusions = nn.ModuleList(Conv(weights, f"encoder.rdbs.{block}.lff") for block in range(8))
        self.global_fusion = Conv(weights, "encoder.gff.0")
        self.global_conv = Conv(weights, "encoder.gff.1")
        self.output = Conv(weights, "encoder.output")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features of a low-resolution image."""
        shallow = self.first(x)
        current = self.second(shallow)
        blocks = []
        for layers, fusion in zip(self.dense, self.fusions, strict=True):
            dense = current
            for layer in layers:
                dense = torch.cat((dense, layer(dense).relu()), 1)
            current = fusion(dense) + current
            blocks.append(current)
        return self.output(self.global_conv(self.global_fusion(torch.cat(blocks, 1))) + shallow)


class ResCNN(nn.Module):
    """Three residual blocks of six convolutions."""

    def __init__(self, weights: Mapping[str, torch.Tensor]) -> None:
        super().__init__()
        self.start = Conv(weights, "encoder.conv_start.0")
        self.blocks = nn.ModuleList(
            nn.ModuleList(Conv(weights, f"encoder.block{block}.{2 * layer}") for layer in range(6))
            for block in (1, 2, 3)
        )
        self.end = Conv(weights, "encoder.conv_end.0")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features of a low-resolution image."""
        current = self.start(x).relu()
        for block in self.blocks:
            inner = current
            for layer in block:
                inner = layer(inner).relu()
            current = inner + current
        return self.end(current) + x


class Residual(nn.Module):
    """Residual blocks of two convolutions: the encoder of the local form."""

    def __init__(self, weights: Mapping[str, torch.Tensor]) -> None:
        super().__init__()
        count = sum(name.startswith("encoder.blocks.") and name.endswith(".0.weight") for name in weights)
        self.start = Conv(weights, "encoder.start")
        self.blocks = nn.ModuleList(
            nn.ModuleList(Conv(weights, f"encoder.blocks.{block}.{layer}") for layer in (0, 1))
            for block in range(count)
        )
        self.end = Conv(weights, "encoder.end")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features of a low-resolution image."""
        current = self.start(x)
        for first, second in self.blocks:
            current = second(first(current).relu()) + current
        return self.end(current)


class MLP(nn.Module):
    """The implicit voxel function, [K, features + coordinates] to [K]."""

    def __init__(self, weights: Mapping[str, torch.Tensor]) -> None:
        super().__init__()
        self.plain = "decoder.layers.0.weight" in weights
        self.one = self._layers(weights, "decoder.stage_one")
        self.two = self._layers(weights, "decoder.layers" if self.plain else "decoder.stage_two")

    @staticmethod
    def _layers(weights: Mapping[str, torch.Tensor], stage: str) -> nn.ModuleList:
        layers = nn.ModuleList()
        while f"{stage}.{2 * len(layers)}.weight" in weights:
            name = f"{stage}.{2 * len(layers)}"
            shape = weights[f"{name}.weight"].shape
            layer = nn.Linear(shape[1], shape[0])
            layer.weight = nn.Parameter(weights[f"{name}.weight"], requires_grad=False)
            layer.bias = nn.Parameter(weights[f"{name}.bias"], requires_grad=False)
            layers.append(layer)
        return layers

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Intensities of rows of features and coordinates."""
        x = rows
        for layer in self.one:
            x = layer(x).relu_()
        x = rows + x if len(self.one) else rows
        for layer in self.two[:-1]:
            x = layer(x).relu_()
        x = self.two[-1](x)
        return (x if self.plain else x.relu_()).squeeze(1)


class ArSSR(nn.Module):
    """Encoder and implicit voxel function; the published form, or the local one."""

    def __init__(self, weights: Mapping[str, torch.Tensor]) -> None:
        super().__init__()
        encoders = {"encoder.sfe1.weight": RDN, "encoder.conv_start.0.weight": ResCNN, "encoder.start.weight": Residual}
        self.encoder = next(kind for name, kind in encoders.items() if name in weights)(weights)
        self.mlp = MLP(weights)

    def decode(
        self, features: torch.Tensor, low: torch.Tensor, points: torch.Tensor, voxel: torch.Tensor
    ) -> torch.Tensor:
        """Intensities [K] at points [K, 3] in [-1, 1], (z, y, x); ``voxel``: size of an HR voxel in LR voxels."""
        grid = points.flip(1).view(1, -1, 1, 1, 3)
        padding = "border" if self.mlp.plain else "zeros"
        sampled = f.grid_sample(features, grid, "bilinear", padding, align_corners=False)
        rows = sampled.view(features.shape[1], -1).t()
        if not self.mlp.plain:
            return self.mlp(torch.cat((rows, points.to(rows.dtype)), 1))
        index = ((points + 1) * points.new_tensor(features.shape[2:]) - 1) / 2
        local = 2 * (index - (index + 0.5001).floor())
        rows = torch.cat((rows, local.to(rows.dtype), voxel.to(rows.dtype).expand_as(local)), 1)
        return self.mlp(rows) + cubic(low, index)


def cubic(low: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Keys' cubic convolution of an image [z, y, x] at continuous indices [K, 3], edges clamped."""
    base = index.floor()
    t = index - base
    u = torch.stack((t + 1, t, 1 - t, 2 - t), 2)
    near, far = 1.5 * u**3 - 2.5 * u**2 + 1, -0.5 * u**3 + 2.5 * u**2 - 4 * u + 2
    weights = torch.where(u <= 1, near, far)
    last = torch.tensor(low.shape, device=low.device) - 1
    taps = [(base.long() + offset).clamp_min(0).minimum(last) for offset in (-1, 0, 1, 2)]
    total = torch.zeros(len(index), dtype=low.dtype, device=low.device)
    for z in range(4):
        for y in range(4):
            row = (taps[z][:, 0] * low.shape[1] + taps[y][:, 1]) * low.shape[2]
            weight = weights[:, 0, z] * weights[:, 1, y]
            for x in range(4):
                total += weight * weights[:, 2, x] * low.flatten()[row + taps[x][:, 2]]
    return total
