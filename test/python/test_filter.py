"""The filter as Python sees it."""

from pathlib import Path

import itk
import numpy as np
import pytest
import torch
import xarray
from conftest import OBLIQUE, assert_same_grid, kept_field_of_view, make_image, pixels

PIXEL_TYPES = [itk.F, itk.D, itk.UC, itk.SS, itk.US]
upscale = itk.arbitrary_scale_super_resolution_image_filter


def filter_of(image, **settings):
    """The object, set up but not run."""
    return itk.ArbitraryScaleSuperResolutionImageFilter[type(image), type(image)].New(image, **settings)


# --- geometry


def test_doubling_keeps_the_field_of_view():
    image = make_image(spacing=(1, 2, 3), origin=(10, 20, 30))
    assert_same_grid(upscale(image, scale_factors=2), (16, 18, 20), (0.5, 1, 1.5), (9.75, 19.5, 29.25), np.eye(3))


def test_bin_shrink_of_the_result_restores_the_grid():
    image = make_image(spacing=(1, 2, 3), origin=(10, 20, 30), direction=OBLIQUE)
    restored = itk.bin_shrink_image_filter(upscale(image, scale_factors=[2, 2, 2]), shrink_factors=[2, 2, 2])
    assert_same_grid(restored, itk.size(image), itk.spacing(image), itk.origin(image), OBLIQUE)


@pytest.mark.parametrize("factors", [(2.5, 2.5, 2.5), (1, 2, 1.3), (3.3, 1, 2)])
def test_factors_are_in_the_order_x_y_z(factors):
    image = make_image(spacing=(1, 2, 3), origin=(10, 20, 30), direction=OBLIQUE)
    assert_same_grid(upscale(image, scale_factors=factors), *kept_field_of_view(image, factors))


def across(result) -> tuple[np.ndarray, np.ndarray]:
    """Positions along x, in mm, and mean intensities there, faces left out."""
    profile = pixels(result)[2:-2, 2:-2].mean(axis=(0, 1))
    return itk.origin(result)[0] + itk.spacing(result)[0] * np.arange(len(profile)), profile


def test_a_bright_plane_stays_where_it_is():
    image = make_image(size=(9, 9, 9))
    itk.array_view_from_image(image)[...] = 0
    itk.array_view_from_image(image)[:, :, 5] = 100
    x, profile = across(upscale(image, scale_factors=[3, 1, 1]))
    assert x[profile.argmax()] == pytest.approx(5.0)


@pytest.mark.parametrize("place", [5.0, 5.3, 6.6])
def test_a_smooth_ridge_stays_where_it_is(place):
    image = make_image(size=(12, 12, 12))
    itk.array_view_from_image(image)[...] = 100 * np.exp(-((np.arange(12) - place) ** 2) / (2 * 1.5**2))
    x, profile = across(upscale(image, scale_factors=[3, 1, 1]))
    assert np.average(x, weights=profile) == pytest.approx(place, abs=0.05)  # mm, as the voxels


# --- pixel types


@pytest.mark.parametrize("pixel_type", PIXEL_TYPES)
def test_pixel_types_are_kept(pixel_type):
    image = make_image(pixel_type=pixel_type)
    assert type(upscale(image, scale_factors=1.5)) is type(image)


@pytest.mark.parametrize("pixel_type", [itk.UC, itk.SS, itk.US])
def test_integers_are_the_rounded_float_result(pixel_type):
    image = make_image(pixel_type=pixel_type)
    real = itk.cast_image_filter(image, ttype=(type(image), itk.Image[itk.F, 3]))
    difference = pixels(upscale(image, scale_factors=2)).astype(float) - pixels(upscale(real, scale_factors=2))
    assert np.abs(difference).max() <= 0.51
    assert abs(difference.mean()) < 0.05  # rounded, not cut off


def test_double_agrees_with_float():
    image = make_image(pixel_type=itk.D)
    real = itk.cast_image_filter(image, ttype=(type(image), itk.Image[itk.F, 3]))
    np.testing.assert_allclose(pixels(upscale(image)), pixels(upscale(real)), rtol=1e-5, atol=1e-3)


def test_negative_intensities_come_back():
    image = make_image(pixel_type=itk.SS)
    itk.array_view_from_image(image)[...] -= 1000
    result = pixels(upscale(image, scale_factors=1.5))
    assert -1000 < np.median(result) < -700


@pytest.mark.parametrize("offset", [1000, 10_000, 32_768, 65_035, 1e6, 1e9, -1e6])
def test_an_offset_is_kept_whatever_its_size(offset):
    plain = pixels(make_image()).astype(np.float64).round()
    plain -= plain.min()
    expected = upscale(plain, scale_factors=2)
    np.testing.assert_allclose(upscale(plain + offset, scale_factors=2) - offset, expected, atol=0.01)
    if 0 < offset < 65_000:
        integers = upscale((plain + offset).astype(np.uint16), scale_factors=2)
        np.testing.assert_allclose(integers.astype(np.float64) - offset, expected, atol=0.51)


def hard_edges() -> dict[str, np.ndarray]:
    """Scans whose edges are as hard as they can be, [z, y, x]."""
    z, y, x = np.mgrid[:20, :24, :24].astype(np.float32)
    inside = ((x - 12) / 9) ** 2 + ((y - 12) / 8) ** 2 + ((z - 10) / 7) ** 2 < 1
    return {
        "mask": inside.astype(np.float32),
        "skull-stripped": np.where(inside, 500 + 80 * np.sin(x / 3), 0).astype(np.float32),
        "vessel": np.where((abs(x - 12) < 1) & (abs(y - 12) < 1), 900, 100).astype(np.float32),
        "checkerboard": ((x + y + z) % 2).astype(np.float32),
        "inverted": 1 - inside.astype(np.float32),
    }


@pytest.mark.parametrize("name", hard_edges())
@pytest.mark.parametrize("factors", [1.5, 2, 4, (1, 1, 4)])
def test_a_result_stays_within_the_range_of_its_scan(name, factors):
    scan = hard_edges()[name]
    result = upscale(scan, scale_factors=factors)
    margin = 0.2401 * np.ptp(scan)
    assert result.min() >= scan.min() - margin
    assert result.max() <= scan.max() + margin
    assert np.ptp(upscale(scan, scale_factors=factors, bound_to_neighborhood=False)) > np.ptp(result)


def test_clamped_and_bounded_voxels_are_counted():
    sr = filter_of(itk.image_from_array((250 * hard_edges()["mask"]).astype(np.uint8)), scale_factors=2)
    sr.Update()
    assert 0 < sr.GetNumberOfClampedVoxels() <= sr.GetNumberOfBoundedVoxels() < pixels(sr.GetOutput()).size
    sr.BoundToNeighborhoodOff()
    sr.Update()
    assert sr.GetNumberOfBoundedVoxels() == 0 < sr.GetNumberOfClampedVoxels()


# --- arrays of other libraries


def test_numpy_in_numpy_out():
    image = make_image()
    result = upscale(pixels(image), scale_factors=2)
    assert isinstance(result, np.ndarray)
    np.testing.assert_array_equal(result, pixels(upscale(image, scale_factors=2)))


def test_xarray_in_xarray_out_with_its_coordinates():
    image = make_image(spacing=(1, 2, 3), origin=(10, 20, 30))
    result = upscale(itk.xarray_from_image(image), scale_factors=2)
    assert isinstance(result, xarray.DataArray)
    assert result.dims == ("z", "y", "x")
    assert float(result.coords["x"][0]) == 9.75
    assert float(result.coords["z"][1] - result.coords["z"][0]) == 1.5
    np.testing.assert_array_equal(result.values, pixels(upscale(image, scale_factors=2)))


@pytest.mark.parametrize("leading", [(), (1,), (1, 1)])
def test_torch_in_torch_out_with_as_many_axes(leading):
    image = make_image()
    tensor = torch.from_numpy(pixels(image)).reshape(*leading, *pixels(image).shape)
    result = upscale(tensor, scale_factors=2)
    assert isinstance(result, torch.Tensor)
    expected = pixels(upscale(image, scale_factors=2))
    assert result.shape == (*leading, *expected.shape)
    np.testing.assert_array_equal(result.reshape(expected.shape).numpy(), expected)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.float64, torch.float16])
def test_tensors_keep_their_dtype(dtype):
    assert upscale(torch.from_numpy(pixels(make_image())).to(dtype), scale_factors=1.5).dtype == dtype


def test_tensors_with_channels_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 8, 8, 8\)"):
        upscale(torch.zeros(2, 8, 8, 8))


# --- pipelines


def test_composes_with_other_filters():
    image = make_image(pixel_type=itk.US)
    median = itk.MedianImageFilter.New(image, radius=1)
    sr = itk.ArbitraryScaleSuperResolutionImageFilter.New(median, scale_factors=1.5)
    cast = itk.CastImageFilter[itk.Image[itk.US, 3], itk.Image[itk.F, 3]].New(sr)
    cast.Update()
    stepwise = upscale(itk.median_image_filter(image, radius=1), scale_factors=1.5)
    np.testing.assert_array_equal(pixels(cast.GetOutput()), pixels(stepwise))
    median.SetRadius(2)
    cast.Update()
    assert not np.array_equal(pixels(cast.GetOutput()), pixels(stepwise))


@pytest.mark.parametrize("divisions", [2, 3, 7])
def test_streaming_gives_the_same_bits(divisions):
    image = make_image(size=(11, 9, 13))
    sr = filter_of(image, scale_factors=2.5)
    parts = []
    sr.AddObserver(itk.EndEvent(), lambda: parts.append(1))
    streamed = itk.streaming_image_filter(sr, number_of_stream_divisions=divisions)
    assert len(parts) == divisions
    np.testing.assert_array_equal(pixels(streamed), pixels(upscale(image, scale_factors=2.5)))


def test_progress_rises_to_one():
    sr = filter_of(make_image(), scale_factors=2)
    seen = []
    sr.AddObserver(itk.ProgressEvent(), lambda: seen.append(sr.GetProgress()))
    sr.Update()
    assert seen == sorted(seen)
    assert len(seen) > 1
    assert seen[-1] == pytest.approx(1.0)


def test_abort_ends_the_work_and_the_filter_can_be_used_again():
    image = make_image()
    sr = filter_of(image, scale_factors=2)
    observer = sr.AddObserver(itk.ProgressEvent(), sr.AbortGenerateDataOn)
    with pytest.raises(RuntimeError, match=r"[Aa]bort"):
        sr.Update()
    sr.RemoveObserver(observer)
    sr.Update()
    np.testing.assert_array_equal(pixels(sr.GetOutput()), pixels(upscale(image, scale_factors=2)))


def test_the_number_of_threads_reaches_torch():
    sr = filter_of(make_image(), scale_factors=2, intensity_window=(0, 300))  # no statistics: torch is not in them
    seen = []
    sr.AddObserver(itk.ProgressEvent(), lambda: seen.append(torch.get_num_threads()))
    before = itk.get_nthreads()
    try:
        itk.set_nthreads(1)
        sr.SetNumberOfWorkUnits(1)
        sr.Update()
    finally:
        itk.set_nthreads(before)
    assert set(seen) == {1}


# --- settings


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        ({"scale_factors": 2}, (16, 18, 20)),
        ({"scale_factors": [2, 1, 1]}, (16, 9, 10)),
        ({"output_spacing": [0.5, 1, 2]}, (16, 9, 5)),
        ({"size": [5, 6, 7]}, (5, 6, 7)),
        ({"size": [5, 6, 7], "output_spacing": [1, 1, 1], "output_origin": [1, 1, 1]}, (5, 6, 7)),
        ({"output_parameters_from_image": make_image(size=(7, 7, 7))}, (7, 7, 7)),
        ({"reference_image": make_image(size=(7, 7, 7)), "use_reference_image": True}, (7, 7, 7)),
        ({"device": "cpu", "memory_budget": 500}, (16, 18, 20)),
        ({"device": "cpu", "precision": "auto"}, (16, 18, 20)),
        ({"intensity_window": (0, 300)}, (16, 18, 20)),
        ({"intensity_scaling": False}, (16, 18, 20)),
        ({"default_pixel_value": 3}, (16, 18, 20)),
        ({"bound_to_neighborhood": False}, (16, 18, 20)),
    ],
)
def test_settings_are_keywords(settings, size):
    assert tuple(itk.size(upscale(make_image(), **settings))) == size


def test_settings_have_an_effect_on_voxels():
    image = make_image()
    usual = pixels(upscale(image))
    assert not np.allclose(pixels(upscale(image, intensity_window=(0, 500))), usual)
    assert not np.allclose(pixels(upscale(image, intensity_scaling=False)), usual)
    np.testing.assert_array_equal(pixels(upscale(image, memory_budget=200)), usual)


def test_outside_the_input_is_the_default_value():
    result = upscale(
        make_image(), size=[3, 3, 3], output_origin=[-10, 0, 0], output_spacing=[1, 1, 1], default_pixel_value=-7
    )
    np.testing.assert_array_equal(pixels(result), -7)


def test_a_model_can_be_given_as_object_and_as_file(tmp_path):
    model = itk.ArSSRModel.New()
    model.ReadFile(itk.ArSSRModel.GetDefaultModelFileName())
    copy = tmp_path / "copy.safetensors"
    model.WriteFile(str(copy))
    image = make_image()
    np.testing.assert_array_equal(pixels(upscale(image, model=model)), pixels(upscale(image)))
    np.testing.assert_array_equal(pixels(upscale(image, model_file_name=str(copy))), pixels(upscale(image)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scale_factors": 0}, "[Ss]cale"),
        ({"scale_factors": -1}, "[Ss]cale"),
        ({"scale_factors": 2, "output_spacing": [1, 1, 1]}, "ScaleFactors.*OutputSpacing|OutputSpacing.*ScaleFactors"),
        ({"device": "tpu"}, "tpu"),
        ({"precision": "fp8"}, "'fp8' is unknown; expected 'auto', 'float32'"),
        ({"device": "cpu", "precision": "float16"}, "Use 'float32' or 'auto'"),
        ({"memory_budget": 1}, "at least [0-9]+ MiB"),
        ({"model_file_name": "nowhere.pkl"}, "nowhere.pkl"),
        ({"use_reference_image": True}, "[Rr]eference"),
    ],
)
def test_mistakes_are_exceptions(settings, message):
    with pytest.raises(RuntimeError, match=message):
        upscale(make_image(), **settings)


def test_a_window_upside_down_is_refused():
    sr = filter_of(make_image())
    with pytest.raises(RuntimeError, match=r"[Ww]indow"):
        sr.SetIntensityWindow(2, 1)


def test_not_a_number_is_refused():
    image = make_image()
    itk.array_view_from_image(image)[2, 3, 4] = np.nan
    with pytest.raises(RuntimeError, match=r"\[4, 3, 2\] is nan"):
        upscale(image)


# --- packaging


def test_documentation_tells_what_it_does():
    image_type = itk.Image[itk.F, 3]
    class_type = itk.ArbitraryScaleSuperResolutionImageFilter[image_type, image_type]
    for documentation in (class_type.__doc__, upscale.__doc__):
        assert "at any scale" in documentation
        assert "DefaultPixelValue" in documentation
    assert "Output voxels per input voxel" in class_type.SetScaleFactors.__doc__
    assert "trained network" in itk.ArSSRModel.__doc__


def test_type_stubs_are_beside_those_classes():
    package = Path(itk.__file__).parent
    stub = (package / "ArbitraryScaleSuperResolutionImageFilterProxy.pyi").read_text()
    assert "def SetScaleFactors(self, factor: float) -> None:" in stub
    assert (package / "ArSSRModelProxy.pyi").exists()


def test_itk_is_the_only_import_needed(python):
    result = python(
        "-c",
        "import itk; t = itk.Image[itk.F, 3];"
        "print(itk.ArbitraryScaleSuperResolutionImageFilter[t, t].New().GetNameOfClass())",
    )
    assert result.stdout.strip() == "ArbitraryScaleSuperResolutionImageFilter", result.stderr
