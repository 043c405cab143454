"""Super-resolution of SimpleITK images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import itk

if TYPE_CHECKING:
    import SimpleITK
    from itk.arssr_support.volumes import Volume


def upscale_simpleitk(image: SimpleITK.Image, **settings: Any) -> SimpleITK.Image:
    """Super-resolve a three-dimensional SimpleITK image; spacing, origin and direction follow the result's grid.

    ``settings`` are those of ``itk.arbitrary_scale_super_resolution_image_filter``, such as
    ``scale_factors=2.5`` and ``quality=8``. With a SimpleITK image as ``reference_image`` the result has that image's
    grid. Metadata are kept, and so are the pixel types float, double, 8-bit unsigned and 16-bit; other types are
    computed as float, and the result is float.
    """
    import SimpleITK
    from itk.arssr_support.pixel_types import computed_type, wrapped_types

    upscale = itk.arbitrary_scale_super_resolution_image_filter
    given = {
        key: _laid_out(_volume(value).grid(), value) if isinstance(value, SimpleITK.Image) else value
        for key, value in settings.items()
    }
    volume = _volume(image)
    wrapped = wrapped_types(itk.ArbitraryScaleSuperResolutionImageFilter)
    pixel_type = computed_type(volume.dtype, wrapped, "the SimpleITK image")
    result = upscale(_laid_out(volume.image(pixel_type), image), **given)
    upscaled = SimpleITK.GetImageFromArray(itk.array_view_from_image(result))
    upscaled.SetSpacing(tuple(result.GetSpacing()))
    upscaled.SetOrigin(tuple(result.GetOrigin()))
    upscaled.SetDirection(itk.array_from_matrix(result.GetDirection()).ravel().tolist())
    for key in image.GetMetaDataKeys():
        upscaled.SetMetaData(key, image.GetMetaData(key))
    return upscaled


def _volume(image: SimpleITK.Image) -> Volume:
    """The voxels of an image, viewed in place."""
    import SimpleITK
    from itk.arssr_support.volumes import volume_of

    if not isinstance(image, SimpleITK.Image):
        raise TypeError(
            f"a SimpleITK image is expected, not {type(image).__name__}; "
            "itk.arbitrary_scale_super_resolution_image_filter takes ITK images and arrays of float and other types"
        )
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise ValueError(
            f"the image has {image.GetDimension()} dimensions and {image.GetNumberOfComponentsPerPixel()} values "
            "per voxel; three dimensions and one value are needed"
        )
    if "label" in image.GetPixelIDTypeAsString():
        raise TypeError(  # viewing its voxels makes SimpleITK end the program
            f"the image is a {image.GetPixelIDTypeAsString()}; convert it: "
            "SimpleITK.Cast(SimpleITK.LabelMapToLabel(image), SimpleITK.sitkFloat32)"
        )
    return volume_of(SimpleITK.GetArrayViewFromImage(image))


def _laid_out(converted: itk.ImageBase, image: SimpleITK.Image) -> itk.ImageBase:
    """Give an ITK image the spacing, origin and direction of a SimpleITK image."""
    converted.SetSpacing(image.GetSpacing())
    converted.SetOrigin(image.GetOrigin())
    direction = image.GetDirection()
    converted.SetDirection(itk.matrix_from_array([direction[row : row + 3] for row in (0, 3, 6)]))
    return converted
