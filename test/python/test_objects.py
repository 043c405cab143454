"""ITK's objects in Python: constructors, setters, and those that have no function to call instead."""

import gc
import pickle

import itk
import numpy as np
import pytest
import torch
from conftest import make_image, pixels
from itk_arssr.common.diagnostics import warnings_collected
from safetensors.torch import load_file
from test_volumes import VOLUME, labelled, upscale
from training_helpers import SIZE, TINY

FLOAT = itk.Image[itk.F, 3]
IMAGE = itk.image_from_array(VOLUME)
REFERENCE = itk.image_from_array(np.zeros((6, 5, 4), np.float32))
FILTERS = [itk.ArbitraryScaleSuperResolutionImageFilter, itk.SliceProfileSimulationImageFilter]


# --- constructors


@pytest.mark.parametrize("template", FILTERS)
@pytest.mark.parametrize("keyword", ["reference_image", "ReferenceImage"])
def test_a_reference_that_is_given_is_used(template, keyword):
    for new in (template.New, template[FLOAT, FLOAT].New):
        image_filter = new(IMAGE, **{keyword: REFERENCE})
        assert image_filter.GetUseReferenceImage()
        assert list(itk.size(image_filter)) == [4, 5, 6]
        with pytest.raises(ValueError, match="leave one of them out"):
            new(IMAGE, UseReferenceImage=False, **{keyword: REFERENCE})
        with pytest.raises(TypeError, match="2 images are given; 1 expected"):
            new(IMAGE, REFERENCE)
        assert not new(IMAGE, **{keyword: None}).GetUseReferenceImage()


def test_a_reference_may_be_any_volume():
    for reference in (pixels(REFERENCE), torch.from_numpy(pixels(REFERENCE)), labelled(pixels(REFERENCE), "xyz")):
        image_filter = itk.ArbitraryScaleSuperResolutionImageFilter.New(IMAGE, reference_image=reference)
        assert list(itk.size(image_filter)) == [4, 5, 6]


@pytest.mark.parametrize("template", FILTERS)
def test_a_reference_that_is_set_but_not_used_gives_a_warning(template):
    image_filter = template.New(IMAGE)
    image_filter.SetReferenceImage(REFERENCE)
    with warnings_collected() as warnings:
        image_filter.UpdateOutputInformation()
    assert len(warnings) == 1
    assert "UseReferenceImage is off" in warnings[0]
    image_filter.UseReferenceImageOn()
    with warnings_collected() as warnings:
        image_filter.UpdateOutputInformation()
    assert not warnings


@pytest.mark.parametrize("template", [*FILTERS, itk.SliceProfileDataConsistencyImageFilter])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (itk.image_from_array(VOLUME.astype(np.int32)), r"not itk.Image\[itk.SI, ?3\]; convert it: image.astype"),
        (itk.Image[itk.F, 2].New(), r"takes 3-D images of float32.*not itk.Image\[itk.F, ?2\]"),
        (itk.VectorImage[itk.F, 3].New(), "give one component of it as float"),
        (VOLUME, "not ndarray; convert it: itk.image_from_array"),
    ],
)
def test_images_of_other_types_are_refused_with_a_remedy(template, given, message):
    for arguments, keywords in (((given,), {}), ((), {"Input": given})):
        with pytest.raises(TypeError, match=message) as error:
            template.New(*arguments, **keywords)
        assert len(str(error.value)) < 300


@pytest.mark.parametrize("keyword", ["Input", "input"])
def test_the_image_can_be_a_keyword(keyword):
    for image in (IMAGE, itk.image_from_array(VOLUME.astype(np.int16))):
        image_filter = itk.ArbitraryScaleSuperResolutionImageFilter.New(**{keyword: image})
        image_filter.Update()
        np.testing.assert_array_equal(pixels(image_filter.GetOutput()), pixels(upscale(image)))


def test_templates_can_be_pickled_as_all_of_those_of_itk():
    for template in (*FILTERS, itk.ArSSRImageQualityCalculator):
        assert pickle.loads(pickle.dumps(template)) is template


# --- setters


def test_setters_take_numbers_of_numpy_and_torch():
    image_filter = itk.ArbitraryScaleSuperResolutionImageFilter.New(IMAGE)
    for factors in (np.float32(1.5), np.array([1.5, 1.5, 1.5], np.float32), torch.tensor(1.5), (np.float16(1.5),) * 3):
        image_filter.ResetOutputGrid()
        image_filter.SetScaleFactors(factors)
        assert list(image_filter.GetScaleFactors()) == [1.5, 1.5, 1.5]
    image_filter.SetIntensityWindow(np.float32(0), np.int16(800))
    image_filter.Update()
    assert image_filter.GetIntensityWindowUpper() == 800
    with pytest.raises(TypeError):
        image_filter.SetScaleFactors("2")


# --- the image quality calculator


def measured(calculator):
    calculator.Compute()
    return (
        calculator.GetMeanSquaredError(),
        calculator.GetPeakSignalToNoiseRatio(),
        calculator.GetStructuralSimilarity(),
    )


def volume_of_type(dtype, seed=1):
    return (pixels(make_image(size=(13, 12, 14), seed=seed)) / 2).astype(dtype)


@pytest.mark.parametrize("image_type", ["uint8", "int32", "uint32", "bool", "float16", "float64", ">i2"])
@pytest.mark.parametrize("truth_type", ["uint8", "int16", "float32"])
def test_the_calculator_takes_volumes_of_any_kind(truth_type, image_type):
    truth, image = volume_of_type(truth_type), volume_of_type(image_type, seed=2)
    expected = itk.ArSSRImageQualityCalculator[itk.Image[itk.D, 3]].New()
    expected.SetTruth(itk.image_from_array(truth.astype(float)))
    expected.SetImage(itk.image_from_array(image.astype(float)))
    for given in (image, np.asfortranarray(image), labelled(image, "yzx")):
        for names in (("truth", "image"), ("Truth", "Image")):
            calculator = itk.ArSSRImageQualityCalculator.New(**dict(zip(names, (truth, given), strict=True)), border=0)
            assert measured(calculator) == pytest.approx(measured(expected), rel=1e-6)
    tensor = torch.from_numpy(image.astype(image.dtype.newbyteorder("=")))
    calculator = itk.ArSSRImageQualityCalculator.New(truth=itk.image_from_array(truth), image=tensor)
    assert measured(calculator) == pytest.approx(measured(expected), rel=1e-6)


def test_inputs_of_the_calculator_live_as_long_as_it():
    truth, image = volume_of_type("float32"), volume_of_type("float32", seed=2)
    calculator = itk.ArSSRImageQualityCalculator.New(truth=truth, image=image)
    expected = measured(calculator)
    shape = truth.shape
    del truth, image
    gc.collect()
    others = [np.full(shape, -7, np.float32) for _ in range(6)]
    assert measured(calculator) == expected
    assert len(others) == 6


def test_setters_of_a_calculator_take_what_its_type_holds():
    calculator = itk.ArSSRImageQualityCalculator[FLOAT].New()
    calculator.SetTruth(volume_of_type("uint8"))
    calculator.SetImage(np.asfortranarray(volume_of_type("float32", seed=2)))
    other = itk.ArSSRImageQualityCalculator[FLOAT].New(truth=volume_of_type("uint8").astype(np.float32))
    other.SetImage(itk.image_from_array(volume_of_type("float32", seed=2)))
    assert measured(calculator) == measured(other)
    with pytest.raises(TypeError, match="float64, which this calculator of float32 cannot hold"):
        calculator.SetImage(volume_of_type("float64"))
    with pytest.raises(TypeError, match="complex"):
        itk.ArSSRImageQualityCalculator.New(truth=volume_of_type(complex), image=volume_of_type("uint8"))


# --- the training filter


def weights_after_training(image, tmp_path) -> dict[str, torch.Tensor]:
    """The weights that a step makes of an image."""
    trainer = itk.ArbitraryScaleSuperResolutionTrainingFilter[FLOAT].New()
    trainer.AddTrainingImage(image, "image")
    trainer.AddValidationImage(image)
    for name, value in (TINY | {"epochs": 1, "steps_per_epoch": 1}).items():
        trainer.SetRecipeValue(name, np.float64(value))
    trainer.SetDevice("cpu")
    trainer.SetNumberOfThreads(np.int64(1))
    trainer.Update()
    path = tmp_path / "model.safetensors"
    trainer.GetOutput().WriteFile(str(path))
    return load_file(path)


def as_image(values):
    return itk.image_from_array(np.ascontiguousarray(values))


def as_output(values):
    """Output of a filter that is of another type, which is made when it is needed."""
    sources.append(itk.ShiftScaleImageFilter.New(as_image(values.astype(np.int16)), shift=0))
    return sources[-1].GetOutput()


sources = []


@pytest.mark.parametrize(
    "given",
    [
        lambda values: values,
        np.asfortranarray,
        lambda values: values.astype(np.int64),
        lambda values: values.astype(">i2"),
        lambda values: torch.from_numpy(values.T.copy()).permute(2, 1, 0)[None],
        lambda values: labelled(values, "xyz"),
        lambda values: as_image(values.astype(np.int16)),
        lambda values: as_image(values.astype(np.uint64)),
        as_output,
    ],
)
def test_images_to_learn_from_may_be_of_any_kind(given, tmp_path):
    values = np.round(pixels(make_image(SIZE)))
    expected = weights_after_training(as_image(values), tmp_path)
    weights = weights_after_training(given(values), tmp_path)
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_an_image_to_learn_from_is_not_made_before_it_is_needed():
    output = as_output(pixels(make_image(SIZE)))
    trainer = itk.ArbitraryScaleSuperResolutionTrainingFilter[FLOAT].New()
    trainer.AddTrainingImage(output)
    assert trainer.GetNumberOfTrainingImages() == 1
    assert output.GetBufferedRegion().GetNumberOfPixels() == 0


def test_images_that_cannot_be_learnt_from_are_refused():
    trainer = itk.ArbitraryScaleSuperResolutionTrainingFilter[FLOAT].New()
    for given, message in ((VOLUME[0], "is no volume"), (VOLUME.astype(complex), "complex"), ("scan.nii", "str")):
        with pytest.raises((TypeError, ValueError), match=message):
            trainer.AddTrainingImage(given)
    assert trainer.GetNumberOfTrainingImages() == 0
