"""What is to be done: an image, a scale and a device."""

from __future__ import annotations

from dataclasses import dataclass

import itk
import numpy as np

IMAGE = itk.Image[itk.F, 3]
AMPLE_BUDGET = 1 << 16  # MiB: one tile


@dataclass(frozen=True)
class Task:
    """A low-resolution cube of random intensities and the scale to give it at."""

    size: int
    scale: float
    device: str = "cpu"
    cubes: int = 1  # that lie behind one another along z, for larger volumes

    @property
    def output_size(self) -> int:
        """Voxels of the result along x and y."""
        return round(self.size * self.scale)

    @property
    def output_voxels(self) -> int:
        """Voxels of the result."""
        return self.output_size**2 * round(self.cubes * self.size * self.scale)

    def voxels(self) -> np.ndarray:
        """Intensities in [0, 1]."""
        generator = np.random.default_rng(0)
        return generator.random((self.cubes * self.size, self.size, self.size), dtype=np.float32)

    def image(self) -> itk.Image:
        """The same as an ITK image."""
        return itk.image_from_array(self.voxels())


def new_filter(
    image: itk.Image, model: itk.ArSSRModel, task: Task, precision: str, budget: int = AMPLE_BUDGET
) -> itk.ProcessObject:
    """The filter, with nothing kept from earlier runs; ``budget`` in MiB."""
    upscale = itk.ArbitraryScaleSuperResolutionImageFilter[IMAGE, IMAGE].New(image)
    upscale.SetModel(model)
    upscale.SetDevice(task.device)
    upscale.SetPrecision(precision)
    upscale.SetScaleFactors(task.scale)
    upscale.SetIntensityScaling(False)
    upscale.SetMemoryBudget(budget)
    return upscale
