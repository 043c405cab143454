"""PSNR and SSIM."""

import math

import numpy as np
import pytest
from itk_arssr.common.errors import UserError
from itk_arssr.evaluation.metrics import compare, psnr, ssim
from skimage.metrics import structural_similarity


def volumes(shape, noise=20.0):
    random = np.random.default_rng(3)
    truth = random.uniform(0, 200, shape)
    return truth, truth + random.normal(0, noise, shape)


def test_psnr_of_a_constant_offset_is_known():
    truth = np.linspace(0, 100, 1000).reshape(10, 10, 10)
    assert psnr(truth, truth + 10, value_range=100) == pytest.approx(20.0)


def test_unsigned_images_do_not_wrap_around():
    truth = np.full((12, 12, 12), 10, dtype=np.uint8)
    image = np.full((12, 12, 12), 20, dtype=np.uint8)
    assert psnr(truth, image, value_range=100) == pytest.approx(20.0)


@pytest.mark.parametrize("shape", [(12, 13, 14), (43, 12, 11), (80, 11, 12)])
def test_ssim_agrees_with_scikit_image_also_across_slabs(shape):
    truth, image = volumes(shape)
    expected = structural_similarity(
        truth, image, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=200.0
    )
    assert ssim(truth, image, value_range=200.0) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("kind", ["bool", "uint8", "int8", "uint16", "int16", "int32", "int64", "float16", "float32"])
def test_voxels_of_any_kind_are_measured_as_numbers(kind):
    truth, image = (volume.clip(0, 120).astype(kind) for volume in volumes((12, 13, 14)))
    difference = truth.astype(np.float64) - image.astype(np.float64)
    quality = compare(truth, image, value_range=120)
    assert quality.psnr == pytest.approx(10 * math.log10(120**2 / np.mean(difference**2)), abs=1e-9)
    assert quality.ssim == pytest.approx(ssim(truth.astype(np.float64), image.astype(np.float64), 120), abs=1e-9)


def test_two_kinds_of_voxels_and_parts_of_larger_arrays_are_compared():
    truth, image = volumes((24, 26, 28))
    part = (slice(3, 20), slice(None, None, 2), slice(5, 25))
    expected = compare(truth[part].round().copy(), image[part].copy())
    assert compare(truth.round().astype(np.uint8)[part], image[part]) == expected


def test_equal_images_are_perfect():
    truth, _ = volumes((12, 12, 12))
    quality = compare(truth, truth)
    assert quality.psnr == math.inf
    assert quality.ssim == pytest.approx(1.0)


def test_the_range_is_that_of_the_truth_unless_given():
    truth, image = volumes((12, 12, 12))
    extent = truth.max() - truth.min()
    assert compare(truth, image).psnr == pytest.approx(psnr(truth, image, extent))
    assert compare(truth, image, value_range=2 * extent).psnr == pytest.approx(
        psnr(truth, image, extent) + 20 * math.log10(2)
    )


def test_the_border_is_left_out():
    truth, _ = volumes((15, 15, 15))
    image = truth.copy()
    image[:2], image[:, -2:], image[:, :, 0] = 1e6, 1e6, 1e6
    assert compare(truth, image, border=2).psnr == math.inf
    assert compare(truth, image, border=1).psnr < 0


@pytest.mark.parametrize(
    ("truth", "image", "border", "message"),
    [
        (np.ones((12, 12, 12)), np.ones((12, 12, 13)), 0, "13×12×12 voxels against the truth's 12×12×12"),
        (np.ones((12, 12, 12)), np.ones((12, 12, 12)), 0, "constant"),
        (np.ones((12, 12, 12)), np.ones((12, 12, 12)), 6, "leaves nothing"),
        (volumes((9, 12, 12))[0], np.ones((9, 12, 12)), 0, "SSIM needs 11 voxels"),
        (volumes((12, 12, 12))[0], np.full((12, 12, 12), np.nan), 0, "NaN"),
        (volumes((12, 12, 12))[0], volumes((12, 12, 12))[0], -1, "0 or more"),
        (np.ones((12, 12)), np.ones((12, 12)), 0, "arrays of 2 dimensions were given"),
    ],
)
def test_images_that_cannot_be_measured_are_refused(truth, image, border, message):
    with pytest.raises(UserError, match=message):
        compare(truth, image, border)


@pytest.mark.parametrize("value_range", [0, -1.0, math.nan])
def test_a_range_is_greater_than_zero(value_range):
    truth, image = volumes((12, 12, 12))
    for measure in (psnr, ssim):
        with pytest.raises(UserError, match="greater than 0"):
            measure(truth, image, value_range)
