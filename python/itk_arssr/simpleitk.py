"""Super-resolution of SimpleITK images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import itk

if TYPE_CHECKING:
    import SimpleITK


def upscale_simpleitk(image: SimpleITK.Image, **settings: Any) -> SimpleITK.Image:
    """Super-resolve a three-dimensional SimpleITK image; spacing, origin and direction follow the result's grid.

    ``settings`` are those of ``itk.arbitrary_scale_super_resolution_image_filter``, such as ``scale_factors=2.5``. With
    a SimpleITK image as ``reference_image`` the result has that image's grid. Pixel type and meta-data are kept.
    """
    import SimpleITK

    if isinstance(settings.get("reference_image"), SimpleITK.Image):
        settings = {"use_reference_image": True} | settings | {"reference_image": _to_itk(settings["reference_image"])}
    result = itk.arbitrary_scale_super_resolution_image_filter(_to_itk(image), **settings)
    upscaled = SimpleITK.GetImageFromArray(itk.array_view_from_image(result))
    upscaled.SetSpacing(tuple(result.GetSpacing()))
    upscaled.SetOrigin(tuple(result.GetOrigin()))
    upscaled.SetDirection(itk.array_from_matrix(result.GetDirection()).ravel().tolist())
    for key in image.GetMetaDataKeys():
        upscaled.SetMetaData(key, image.GetMetaData(key))
    return upscaled


def _to_itk(image: SimpleITK.Image) -> itk.Image:
    import SimpleITK

    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise ValueError(
            f"the image has {image.GetDimension()} dimensions and {image.GetNumberOfComponentsPerPixel()} values a "
            "voxel; three dimensions and one value are needed"
        )
    converted = itk.image_from_array(SimpleITK.GetArrayViewFromImage(image))
    converted.SetSpacing(image.GetSpacing())
    converted.SetOrigin(image.GetOrigin())
    direction = image.GetDirection()
    converted.SetDirection(itk.matrix_from_array([direction[row : row + 3] for row in (0, 3, 6)]))
    return converted
