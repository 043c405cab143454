def _is_tensor(value):
    return type(value).__module__.partition(".")[0] == "torch"


def _volume_of(tensor):
    """NumPy array [z, y, x] of a tensor with those axes, and perhaps leading ones of length 1."""
    import torch

    tensor = tensor.detach()
    leading = tensor.shape[:-3]
    if tensor.ndim < 3 or any(length != 1 for length in leading):
        raise ValueError(
            f"a tensor of shape {tuple(tensor.shape)} is no scalar volume: "
            "give [z, y, x], with leading axes of length 1 or none"
        )
    narrow = tensor.dtype in (torch.float16, torch.bfloat16)
    return (tensor.float() if narrow else tensor).reshape(tensor.shape[-3:]).cpu().numpy()


def _accept_volume_tensors(image_filter):
    """Take a torch tensor [z, y, x], or one with leading axes of length 1, and give a tensor of as many axes.

    ITK's own decorator takes a tensor's first axis for channels, so no scalar volume can be given as a tensor.
    """
    import functools

    @functools.wraps(image_filter)
    def wrapper(*args, **kwargs):
        if not args or not _is_tensor(args[0]):
            return image_filter(*args, **kwargs)
        import torch

        tensor = args[0]
        result = torch.from_numpy(image_filter(_volume_of(tensor), *args[1:], **kwargs).copy())
        return result.reshape(*tensor.shape[:-3], *result.shape).to(dtype=tensor.dtype, device=tensor.device)

    return wrapper


def _place_low_resolution_array(image_filter):
    """Give a low-resolution array or tensor, which has no spacing, the field of view of the high-resolution image."""
    import functools

    def placed(array, high):
        import itk
        import numpy as np

        array = _volume_of(array) if _is_tensor(array) else np.asarray(array)
        if _is_tensor(high):
            high = itk.image_from_array(_volume_of(high))
        elif isinstance(high, np.ndarray):
            high = itk.image_from_array(high)
        elif not hasattr(high, "GetSpacing"):
            high = itk.image_from_xarray(high)
        image = itk.image_from_array(array.astype(itk.array_view_from_image(high).dtype))
        old = np.array(itk.spacing(high))
        new = old * itk.size(high) / itk.size(image)
        direction = itk.array_from_matrix(high.GetDirection())
        start = np.array(high.GetLargestPossibleRegion().GetIndex())
        image.SetSpacing(new)
        image.SetOrigin(np.array(itk.origin(high)) + direction @ (start * old + (new - old) / 2))
        image.SetDirection(high.GetDirection())
        return image

    @functools.wraps(image_filter)
    def wrapper(*args, **kwargs):
        import numpy as np

        args = list(args)
        place, key = (args, 1) if len(args) > 1 else (kwargs, "low_resolution_image")
        low = place[key] if place is args else kwargs.get(key)
        if args and (_is_tensor(low) or isinstance(low, np.ndarray)):
            place[key] = placed(low, args[0])
        return image_filter(*args, **kwargs)

    return wrapper


import itk.itkArbitraryScaleSuperResolutionImageFilterPython as _filter_module
import itk.itkSliceProfileDataConsistencyImageFilterPython as _consistency_module
import itk.itkSliceProfileSimulationImageFilterPython as _simulation_module

# Assigned in those modules because ITK gives the functions there their docstrings.
_filter_module.arbitrary_scale_super_resolution_image_filter = _accept_volume_tensors(
    _filter_module.arbitrary_scale_super_resolution_image_filter
)
_simulation_module.slice_profile_simulation_image_filter = _accept_volume_tensors(
    _simulation_module.slice_profile_simulation_image_filter
)
_consistency_module.slice_profile_data_consistency_image_filter = _place_low_resolution_array(
    _accept_volume_tensors(_consistency_module.slice_profile_data_consistency_image_filter)
)
from itk.itkArbitraryScaleSuperResolutionImageFilterPython import *
from itk.itkSliceProfileDataConsistencyImageFilterPython import *
from itk.itkSliceProfileSimulationImageFilterPython import *
