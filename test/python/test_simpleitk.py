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


@pytest.mark.parametrize(
    "pixel_type",
    [SimpleITK.sitkInt8, SimpleITK.sitkInt32, SimpleITK.sitkUInt32, SimpleITK.sitkInt64, SimpleITK.sitkUInt64],
)
def test_other_pixel_types_are_computed_as_float(pixel_type):
    image = simpleitk_image(pixel_type)
    result = upscale_simpleitk(image, scale_factors=1.5)
    assert result.GetPixelID() == SimpleITK.sitkFloat32
    expected = upscale_simpleitk(SimpleITK.Cast(image, SimpleITK.sitkFloat32), scale_factors=1.5)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(result), SimpleITK.GetArrayFromImage(expected))
    assert result.GetOrigin() == expected.GetOrigin()


def test_metadata_is_kept_and_the_input_untouched():
    image = simpleitk_image()
    before = SimpleITK.GetArrayFromImage(image)
    result = upscale_simpleitk(image, scale_factors=1.5)
    assert result.GetMetaData("patient") == "none"
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), before)


def reference_image(pixel_type=SimpleITK.sitkUInt8):
    reference = SimpleITK.Image((5, 6, 7), pixel_type)
    reference.SetOrigin((10, 20, 30))
    reference.SetSpacing((0.5, 0.5, 0.5))
    return reference


@pytest.mark.parametrize("pixel_type", [SimpleITK.sitkUInt8, SimpleITK.sitkInt8, SimpleITK.sitkComplexFloat32])
@pytest.mark.parametrize("keyword", ["reference_image", "ReferenceImage", "output_parameters_from_image"])
def test_a_reference_image_gives_the_grid(keyword, pixel_type):
    result = upscale_simpleitk(simpleitk_image(), **{keyword: reference_image(pixel_type)})
    assert result.GetSize() == (5, 6, 7)
    assert result.GetSpacing() == (0.5, 0.5, 0.5)
    assert result.GetOrigin() == (10, 20, 30)


def test_a_reference_image_may_be_one_of_itk():
    result = upscale_simpleitk(simpleitk_image(), reference_image=make_image(size=(5, 6, 7)))
    assert result.GetSize() == (5, 6, 7)


def test_a_reference_image_is_used_or_refused():
    with pytest.raises(RuntimeError, match="Set one kind of output grid"):
        upscale_simpleitk(simpleitk_image(), reference_image=reference_image(), scale_factors=2)
    with pytest.raises(ValueError, match="leave one of them out"):
        upscale_simpleitk(simpleitk_image(), reference_image=reference_image(), use_reference_image=False)
    with pytest.raises(RuntimeError, match="there is no ReferenceImage"):
        upscale_simpleitk(simpleitk_image(), use_reference_image=True)


def test_numbers_of_numpy_are_settings():
    image = simpleitk_image()
    for factors in (np.float32(1.5), np.array([1.5, 1.5, 1.5])):
        assert upscale_simpleitk(image, scale_factors=factors).GetSize() == (12, 14, 15)


@pytest.mark.parametrize(
    "image",
    [SimpleITK.Image((5, 5), SimpleITK.sitkFloat32), SimpleITK.Image((5, 5, 5), SimpleITK.sitkVectorFloat32)],
)
def test_other_images_are_refused(image):
    with pytest.raises(ValueError, match="three dimensions and one value"):
        upscale_simpleitk(image, scale_factors=2)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (SimpleITK.Image((5, 5, 5), SimpleITK.sitkComplexFloat32), "is complex.*float32"),
        (SimpleITK.Image((5, 5, 5), SimpleITK.sitkLabelUInt8), "LabelMapToLabel"),
        (np.zeros((5, 5, 5), np.float32), "a SimpleITK image is expected, not ndarray"),
        (make_image(), "a SimpleITK image is expected"),
    ],
)
def test_images_without_real_numbers_are_refused_with_a_remedy(image, message):
    with pytest.raises(TypeError, match=message):
        upscale_simpleitk(image, scale_factors=2)


def test_an_image_of_simpleitk_is_refused_by_itk_with_a_remedy():
    with pytest.raises(TypeError, match="upscale_simpleitk"):
        itk.arbitrary_scale_super_resolution_image_filter(simpleitk_image())


@pytest.mark.parametrize("example", ["upscale_itk.py", "upscale_simpleitk.py"])
def test_the_examples_run(example, write, tmp_path, python):
    from conftest import ROOT

    source, target = write("in.nii.gz", make_image(spacing=(1, 2, 3))), tmp_path / "out.nii.gz"
    result = python(ROOT / "examples" / example, source, target, 1.5)
    assert result.returncode == 0, result.stderr
    assert tuple(itk.size(itk.imread(str(target)))) == (12, 14, 15)
