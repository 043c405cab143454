"""SimpleITK images in and out."""

import itk
import numpy as np
import pytest
import SimpleITK
from conftest import OBLIQUE, kept_field_of_view, make_image, pixels
from itk_arssr import upscale_simpleitk


def simpleitk_image(pixel_type=SimpleITK.sitkFloat32):
    image = SimpleITK.Cast(SimpleITK.GetImageFromArray(pixels(make_image())), pixel_type)
    image.SetSpacing((1, 2, 3))
    image.SetOrigin((10, 20, 30))
    image.SetDirection(OBLIQUE.ravel().tolist())
    image.SetMetaData("patient", "none")
    return image


def test_the_result_is_that_of_itk_with_its_grid():
    image = make_image(spacing=(1, 2, 3), origin=(10, 20, 30), direction=OBLIQUE)
    result = upscale_simpleitk(simpleitk_image(), scale_factors=[2, 1.5, 1])
    assert isinstance(result, SimpleITK.Image)
    expected = itk.arbitrary_scale_super_resolution_image_filter(image, scale_factors=[2, 1.5, 1])
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(result), pixels(expected))
    size, spacing, origin, direction = kept_field_of_view(image, (2, 1.5, 1))
    assert result.GetSize() == tuple(size)
    np.testing.assert_allclose(result.GetSpacing(), spacing)
    np.testing.assert_allclose(result.GetOrigin(), origin)
    np.testing.assert_allclose(result.GetDirection(), direction.ravel())


def test_a_physical_point_has_the_same_place_before_and_after():
    image = simpleitk_image()
    result = upscale_simpleitk(image, scale_factors=2)
    centre = [(length - 1) / 2 for length in image.GetSize()]
    centre_after = [(length - 1) / 2 for length in result.GetSize()]
    np.testing.assert_allclose(
        image.TransformContinuousIndexToPhysicalPoint(centre),
        result.TransformContinuousIndexToPhysicalPoint(centre_after),
    )


@pytest.mark.parametrize(
    "pixel_type",
    [SimpleITK.sitkUInt8, SimpleITK.sitkInt16, SimpleITK.sitkUInt16, SimpleITK.sitkFloat32, SimpleITK.sitkFloat64],
)
def test_the_pixel_type_is_kept(pixel_type):
    assert upscale_simpleitk(simpleitk_image(pixel_type), scale_factors=1.5).GetPixelID() == pixel_type


def test_metadata_is_kept_and_the_input_untouched():
    image = simpleitk_image()
    before = SimpleITK.GetArrayFromImage(image)
    result = upscale_simpleitk(image, scale_factors=1.5)
    assert result.GetMetaData("patient") == "none"
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), before)


def test_a_reference_image_gives_the_grid():
    reference = SimpleITK.Image((5, 6, 7), SimpleITK.sitkUInt8)
    reference.SetOrigin((10, 20, 30))
    reference.SetSpacing((0.5, 0.5, 0.5))
    result = upscale_simpleitk(simpleitk_image(), reference_image=reference)
    assert result.GetSize() == (5, 6, 7)
    assert result.GetSpacing() == (0.5, 0.5, 0.5)
    assert result.GetOrigin() == (10, 20, 30)


@pytest.mark.parametrize(
    "image",
    [SimpleITK.Image((5, 5), SimpleITK.sitkFloat32), SimpleITK.Image((5, 5, 5), SimpleITK.sitkVectorFloat32)],
)
def test_other_images_are_refused(image):
    with pytest.raises(ValueError, match="three dimensions and one value"):
        upscale_simpleitk(image, scale_factors=2)


@pytest.mark.parametrize("example", ["upscale_itk.py", "upscale_simpleitk.py"])
def test_the_examples_run(example, write, tmp_path, python):
    from conftest import ROOT

    source, target = write("in.nii.gz", make_image(spacing=(1, 2, 3))), tmp_path / "out.nii.gz"
    result = python(ROOT / "examples" / example, source, target, 1.5)
    assert result.returncode == 0, result.stderr
    assert tuple(itk.size(itk.imread(str(target)))) == (12, 14, 15)
