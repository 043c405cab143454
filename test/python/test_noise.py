"""The noise of a scan, estimated from the scan alone."""

import itk
import numpy as np
import pytest
from conftest import make_image


def noisy(deviation=8.0, signal=200.0, shape=(40, 44, 48)):
    random = np.random.default_rng(3)
    real = signal + deviation * random.standard_normal(shape)
    return np.hypot(real, deviation * random.standard_normal(shape))


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.uint8, np.float64, np.int32])
def test_the_noise_of_volumes_of_any_type_is_found(dtype):
    volume = np.clip(noisy().round(), 0, 255).astype(dtype)
    estimator = itk.ArSSRNoiseEstimator.New(image=volume)
    estimator.Compute()
    assert estimator.GetNoise() == pytest.approx(8, rel=0.08)
    assert estimator.GetUsedKind() == itk.ArSSRAcquisitionEnums.Noise_Rician


def test_only_the_masks_voxels_count():
    volume = noisy(4).astype(np.float32)
    volume[:20] = noisy(20)[:20]
    mask = np.zeros(volume.shape, bool)
    mask[20:] = True
    estimator = itk.ArSSRNoiseEstimator.New(image=volume, mask_image=mask)
    estimator.Compute()
    assert estimator.GetNoise() == pytest.approx(4, rel=0.1)


def test_an_image_of_a_pipeline_and_its_unit_are_kept():
    image = make_image(size=(48, 44, 40))
    voxels = itk.array_view_from_image(image)
    voxels[...] += np.random.default_rng(1).normal(0, 6, voxels.shape).astype(np.float32)
    shifted = itk.ShiftScaleImageFilter.New(image, shift=-500.0, scale=2.0)
    estimator = itk.ArSSRNoiseEstimator[type(image)].New(image=shifted.GetOutput())
    estimator.Compute()
    assert estimator.GetNoise() == pytest.approx(12, rel=0.15)
    assert estimator.GetUsedKind() == itk.ArSSRAcquisitionEnums.Noise_Gaussian
    with pytest.raises(RuntimeError, match="SetImage"):
        itk.ArSSRNoiseEstimator[type(image)].New().Compute()
