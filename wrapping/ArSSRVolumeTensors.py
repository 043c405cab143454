def _accept_volume_tensors(image_filter):
    """Take a torch tensor [z, y, x], or one with leading axes of length 1, and give a tensor of as many axes.

    ITK's own decorator takes a tensor's first axis for channels, so no scalar volume can be given as a tensor.
    """
    import functools

    @functools.wraps(image_filter)
    def wrapper(*args, **kwargs):
        if not args or type(args[0]).__module__.partition(".")[0] != "torch":
            return image_filter(*args, **kwargs)
        import torch

        tensor = args[0].detach()
        leading = tensor.shape[:-3]
        if tensor.ndim < 3 or any(length != 1 for length in leading):
            raise ValueError(
                f"a tensor of shape {tuple(tensor.shape)} is no scalar volume: "
                "give [z, y, x], with leading axes of length 1 or none"
            )
        narrow = tensor.dtype in (torch.float16, torch.bfloat16)
        volume = (tensor.float() if narrow else tensor).reshape(tensor.shape[-3:]).cpu().numpy()
        result = torch.from_numpy(image_filter(volume, *args[1:], **kwargs).copy())
        return result.reshape(*leading, *result.shape).to(dtype=tensor.dtype, device=tensor.device)

    return wrapper


import itk.itkArbitraryScaleSuperResolutionImageFilterPython as _filter_module

# Assigned in that module because ITK gives the function there its docstring.
_filter_module.arbitrary_scale_super_resolution_image_filter = _accept_volume_tensors(
    _filter_module.arbitrary_scale_super_resolution_image_filter
)
from itk.itkArbitraryScaleSuperResolutionImageFilterPython import *
