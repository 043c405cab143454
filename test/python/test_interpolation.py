"""Interpolation by the scanner, found in a scan's spectra."""

import itk
import numpy as np
import pytest


def zero_filled(shape=(70, 72, 74), factor=2.0):
    """Texture, [z, y, x], whose k-space along x was filled with zeros."""
    random = np.random.default_rng(3)
    spectrum = np.fft.fft(500 + 30 * random.standard_normal(shape), axis=2)
    spectrum[:, :, np.abs(np.fft.fftfreq(shape[2])) > 0.5 / factor] = 0
    return np.fft.ifft(spectrum, axis=2).real


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.float64, np.int32])
def test_the_factors_of_volumes_of_any_type_are_found(dtype):
    estimator = itk.ArSSRInterpolationEstimator.New(image=zero_filled().round().astype(dtype))
    estimator.Compute()
    factors = estimator.GetFactors()
    assert factors[0] == pytest.approx(2, rel=0.06)
    assert (factors[1], factors[2]) == (1, 1)
    assert estimator.GetDrops()[0] > 20


def test_short_axes_tell_nothing():
    estimator = itk.ArSSRInterpolationEstimator.New(image=zero_filled((20, 31, 74)).astype(np.float32))
    estimator.Compute()
    assert list(estimator.GetFactors())[1:] == [0, 0]
    with pytest.raises(RuntimeError, match="SetImage"):
        itk.ArSSRInterpolationEstimator[itk.Image[itk.F, 3]].New().Compute()
