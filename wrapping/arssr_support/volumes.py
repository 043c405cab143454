"""Volumes of Python, that is arrays, tensors, labelled arrays and images, as images of ITK, and back.

What is equal has the same result, whatever its order in memory, and what comes back owns its memory.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Protocol

import itk
import numpy as np
from itk.arssr_support.halves import narrowed, widened
from itk.arssr_support.pixel_types import dtype_of_image

_AXES = ("z", "y", "x")
_IRREGULARITY = 1e-3  # of the spacing, by which coordinates may be off: they are rounded in files


class Volume(Protocol):
    """A volume as it was given."""

    dtype: np.dtype
    has_grid: bool
    """Whether it has a place in space, or else is just voxels."""
    description: str
    """What it is, for messages."""

    def image(self, dtype: np.dtype, *, keep: bool = False) -> itk.Image:
        """The volume as an image; one that is to be kept longer than the volume has voxels of its own."""

    def grid(self) -> itk.ImageBase:
        """An image, perhaps one without voxels, that lies where the volume lies."""

    def restored(self, image: itk.Image) -> Any:
        """A result as what the volume was."""


def volume_of(value: Any) -> Volume:
    """Take an image, a filter that makes one, an array, a labelled array or a tensor for a volume.

    Raises ``TypeError`` for anything else, and ``ValueError`` where it has other than three axes.
    """
    if is_tensor(value):
        return _TensorVolume(value)
    if _is_labelled(value):
        return _LabelledVolume(value)
    image = itk.output(value)
    if isinstance(image, itk.DataObject) and hasattr(image, "GetLargestPossibleRegion"):
        return _ImageVolume(value)
    if type(value).__module__.partition(".")[0] == "SimpleITK":
        raise TypeError(
            "this is a SimpleITK image, which itk_arssr.upscale_simpleitk(image) takes; "
            "itk.image_from_array() makes an ITK image, of float voxels for example"
        )
    if not hasattr(value, "__array__") or isinstance(value, itk.LightObject):
        raise TypeError(
            f"{type(value).__name__} is no volume: an ITK image, a NumPy array, an xarray.DataArray or a torch tensor "
            "is expected, such as np.asarray(values, dtype='float32')"
        )
    return _ArrayVolume(value)


def grid_of(value: Any) -> itk.ImageBase:
    """An image that lies where a volume of any kind lies; an array has spacing 1 and origin 0."""
    image = itk.output(value)
    if isinstance(image, itk.DataObject):
        return image
    return volume_of(value).grid()


def image_of(array: np.ndarray, *, keep: bool) -> itk.Image:
    """Image of a C-contiguous array, [z, y, x]; unless it is to be kept, it looks into the array's memory."""
    image = itk.image_from_array(array) if keep else itk.image_view_from_array(array)
    # ITK takes an array of shape (n, 1, 1) for a column-major one and reverses it.
    image.SetRegions([int(length) for length in reversed(array.shape)])
    return image


def is_tensor(value: Any) -> bool:
    """Whether this is a tensor of torch's, which need not have been imported."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _is_labelled(value: Any) -> bool:
    xarray = sys.modules.get("xarray")
    return xarray is not None and isinstance(value, xarray.DataArray)


def _volume_shape(shape: Sequence[int], description: str) -> tuple[int, int, int]:
    """Last three axes of a shape whose leading ones have length 1."""
    if len(shape) < 3 or any(length != 1 for length in shape[:-3]):
        raise ValueError(
            f"{description} of shape {tuple(shape)} is no volume: [z, y, x] with one number a voxel, float or integer, "
            "is expected, with leading axes of length 1 or none. Give channels and times one after another"
        )
    if 0 in shape:
        raise ValueError(f"{description} of shape {tuple(shape)} has no voxels; give at least one along each axis")
    return tuple(int(length) for length in shape[-3:])


class _ArrayVolume:
    """A NumPy array, or what gives one, [z, y, x], with any number of leading axes of length 1."""

    has_grid = False
    description = "the array"

    def __init__(self, array: Any) -> None:
        if np.ma.is_masked(array):
            raise ValueError(
                f"{np.ma.count_masked(array)} voxels of the array are masked; give values for them, such as those of "
                "array.filled(0.0), or all as they are: array.data"
            )
        self._values = np.asarray(array)
        self._shape = _volume_shape(self._values.shape, self.description)
        self._leading = self._values.shape[:-3]
        self.dtype = self._values.dtype

    def image(self, dtype: np.dtype, *, keep: bool = False) -> itk.Image:
        return image_of(np.ascontiguousarray(self._values, dtype).reshape(self._shape), keep=keep)

    def grid(self) -> itk.ImageBase:
        image = itk.Image[itk.UC, 3].New()
        image.SetRegions([int(length) for length in reversed(self._shape)])
        return image

    def restored(self, image: itk.Image) -> np.ndarray:
        voxels = itk.array_view_from_image(image)
        return np.array(voxels.reshape(*self._leading, *voxels.shape))


class _TensorVolume:
    """A torch tensor on any device; its result is on the same one, of the same type where that is floating-point."""

    has_grid = False
    description = "the tensor"

    def __init__(self, tensor: Any) -> None:
        import torch

        _volume_shape(tensor.shape, self.description)
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta:
            raise TypeError(
                f"the tensor is not a plain one ({tensor.layout}, {tensor.dtype}, {tensor.device}): "
                "give tensor.to_dense() or tensor.dequantize(), with values in float"
            )
        tensor = tensor.detach().as_subclass(torch.Tensor)
        self._device = tensor.device
        tensor = tensor.resolve_conj().resolve_neg().cpu()
        self._half = tensor.dtype if tensor.dtype in (torch.float16, torch.bfloat16) else None
        if self._half is None and tensor.is_floating_point() and tensor.dtype != torch.float64:
            tensor = tensor.float()
        self._array = _ArrayVolume(tensor.numpy() if self._half is None else widened(tensor))
        self.dtype = self._array.dtype

    def image(self, dtype: np.dtype, *, keep: bool = False) -> itk.Image:
        return self._array.image(dtype, keep=keep)

    def grid(self) -> itk.ImageBase:
        return self._array.grid()

    def restored(self, image: itk.Image) -> Any:
        import torch

        restored = self._array.restored(image)
        result = torch.from_numpy(restored) if self._half is None else narrowed(restored, self._half)
        return result.to(self._device)


class _LabelledVolume:
    """An xarray.DataArray with the dimensions x, y and z in any order; coordinates are positions in mm."""

    has_grid = True
    description = "the DataArray"

    def __init__(self, data: Any) -> None:
        if sorted(map(str, data.dims)) != sorted(_AXES):
            raise ValueError(
                f"the DataArray has the dimensions {', '.join(map(str, data.dims))}; z, y and x are expected, with one "
                "number a voxel, float or integer. Use data.rename(), data.squeeze() and data.isel()"
            )
        self._data = data
        self._array = _ArrayVolume(data.transpose(*_AXES).data)
        self.dtype = self._array.dtype
        placed = [_placed(data, axis) for axis in reversed(_AXES)]
        self._origin = [origin for origin, _ in placed]
        self._spacing = [spacing for _, spacing in placed]

    def image(self, dtype: np.dtype, *, keep: bool = False) -> itk.Image:
        return self._laid_out(self._array.image(dtype, keep=keep))

    def grid(self) -> itk.ImageBase:
        return self._laid_out(self._array.grid())

    def restored(self, image: itk.Image) -> Any:
        result = itk.xarray_from_image(image).transpose(*self._data.dims)
        result.name = self._data.name
        return result.assign_attrs(self._data.attrs | result.attrs)

    def _laid_out(self, image: itk.ImageBase) -> itk.ImageBase:
        image.SetOrigin(self._origin)
        image.SetSpacing(self._spacing)
        if "direction" in self._data.attrs:  # rows and columns in the order z, y, x, as itk.xarray_from_image has it
            direction = np.flip(np.asarray(self._data.attrs["direction"], dtype=float))
            image.SetDirection(itk.matrix_from_array(np.ascontiguousarray(direction)))
        return image


def _placed(data: Any, axis: str) -> tuple[float, float]:
    """Where the coordinates along an axis start and how far apart they are, in mm."""
    if axis not in data.coords:
        return 0.0, 1.0
    values = np.asarray(data.coords[axis].values, dtype=float)
    if len(values) == 1:
        return float(values[0]), 1.0
    spacing = (values[-1] - values[0]) / (len(values) - 1)
    expected = values[0] + spacing * np.arange(len(values))
    if not spacing > 0 or not np.allclose(values, expected, rtol=0, atol=_IRREGULARITY * spacing):
        raise ValueError(
            f"the coordinates of the DataArray along {axis} ({values[0]:g}, {values[1]:g} … {values[-1]:g}) do not "
            f"rise evenly: use data.sortby('{axis}') where they fall, data.interp() or data.drop_vars('{axis}')"
        )
    return float(values[0]), float(spacing)


class _ImageVolume:
    """An image of ITK's, or the output of a filter, which stays in its pipeline."""

    has_grid = True
    description = "the image"

    def __init__(self, value: Any) -> None:
        self._value = value  # a filter lives as long as somebody holds it
        self._image = itk.output(value)
        dtype = dtype_of_image(self._image)
        if dtype is None or self._image.GetImageDimension() != 3:
            raise TypeError(
                f"{itk.python_type(type(self._image))} is no scalar volume: three dimensions and one number a voxel "
                "are expected. Give one component or one time of it, as float: "
                "itk.image_from_array(itk.array_from_image(image)[..., 0].astype('float32'))"
            )
        self.dtype = dtype

    def image(self, dtype: np.dtype, *, keep: bool = False) -> itk.Image:
        if dtype == self.dtype:
            return self._image
        self._image.UpdateOutputInformation()
        self._image.SetRequestedRegionToLargestPossibleRegion()
        self._image.Update()
        voxels = itk.array_view_from_image(self._image)
        if voxels is None:
            raise ValueError("the image has no voxels: it is not allocated")
        # Always kept, as an image may come back with the voxels that it went in with.
        converted = image_of(np.ascontiguousarray(voxels, dtype), keep=True)
        converted.CopyInformation(self._image)
        converted.SetBufferedRegion(self._image.GetBufferedRegion())
        converted.SetRequestedRegion(self._image.GetBufferedRegion())
        return converted

    def grid(self) -> itk.ImageBase:
        return self._image

    def restored(self, image: itk.Image) -> itk.Image:
        return image
