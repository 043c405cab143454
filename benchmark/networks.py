"""The networks that are timed, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass

import itk

NETWORKS = ("RDN", "ResCNN", "default")

# Where the CPU's decoder applies first layers on the LR grid; see CpuLineSampler::IsFaster().
_MOST_LR_VOXELS_PER_VOXEL_OF_A_PLANE = 1.05


def make_model(name: str) -> itk.ArSSRModel:
    """A network with random weights of one seed: they cost what trained ones do."""
    model = itk.ArSSRModel.New()
    if name == "default":
        model.SetRandomLocalNetwork()
    else:
        model.SetRandomNetwork(getattr(itk.ArSSRModelEnums, f"Encoder_{name}"), 128, 8, 256)
    return model


@dataclass(frozen=True)
class DecoderCost:
    """What the MLP's matrix products cost, in multiply-accumulates for an output voxel."""

    written: int  # of the network as it is written down
    features: int  # channels of the feature map
    coordinates: int  # that follow the features in the MLP's input
    width: int  # of a hidden layer

    @classmethod
    def of(cls, model: itk.ArSSRModel) -> DecoderCost:
        """A model's."""
        local = model.GetFormAsString() == "local"
        return cls(
            written=model.GetDecoderCost(),
            features=model.GetFeatureDimension(),
            coordinates=6 if local else 3,
            width=model.GetWidth(),
        )

    def done(self, size: int, output_size: int) -> float:
        """Those that the CPU's decoder really does on a grid parallel to the LR image's, float32.

        The first layer is linear in the features, so it is applied to each LR voxel of an output plane, before the
        interpolation along y and x: ``features × width``, (size / output size)² times an output voxel. Per output voxel
        remains the rest; the coordinates' part of the first layer is added while interpolating. Where there are more LR
        voxels than output voxels in a plane, all is done for each output voxel instead.
        """
        per_voxel = (size / output_size) ** 2
        if per_voxel > _MOST_LR_VOXELS_PER_VOXEL_OF_A_PLANE:
            return self.written
        first = (self.features + self.coordinates) * self.width
        return self.written - first + self.features * self.width * per_voxel
