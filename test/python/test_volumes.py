"""Volumes of other libraries in ITK's functions: whose memory they are in, their axes, voxel types and grids."""

import functools
import gc
import inspect

import itk
import numpy as np
import pytest
import torch
import xarray
from conftest import OBLIQUE, assert_same_grid, make_image, pixels

upscale = itk.arbitrary_scale_super_resolution_image_filter
simulate = itk.slice_profile_simulation_image_filter
make_consistent = itk.slice_profile_data_consistency_image_filter

# Three lengths that differ, so that axes in another order show; smooth, so that they show in a cube's voxels too.
Z, Y, X = np.mgrid[:7, :8, :9].astype(np.float32)
VOLUME = 300 + 30 * X + 5 * Y + 60 * np.sin(Z / 3)


class OnlyAnArray:
    """Only what NumPy's protocol requires."""

    def __init__(self, values):
        self._values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self._values, dtype)


class Subclass(np.ndarray):
    """An array from another library."""


class TensorSubclass(torch.Tensor):
    """A tensor subclass from another library, such as MONAI's."""


def memory_mapped(tmp_path, order):
    path = tmp_path / "volume.dat"
    mapped = np.memmap(path, dtype=VOLUME.dtype, mode="w+", shape=VOLUME.shape, order=order)
    mapped[...] = VOLUME
    mapped.flush()
    return np.memmap(path, dtype=VOLUME.dtype, mode="r", shape=VOLUME.shape, order=order)


def read_only(array):
    array.flags.writeable = False
    return array


def strided(values):
    """A view of every other voxel of a larger array."""
    larger = np.zeros([2 * length for length in values.shape], values.dtype)
    larger[::2, 1::2, ::2] = values
    return larger[::2, 1::2, ::2]


def labelled(values, dims="zyx"):
    """A DataArray whose axes lie in memory in the order of ``dims``, and which are put in order by their names."""
    order = ["zyx".index(name) for name in dims]
    return xarray.DataArray(np.ascontiguousarray(values.transpose(order)), dims=list(dims))


LAYOUTS = {
    "Fortran order": lambda _: np.asfortranarray(VOLUME),
    "permuted": lambda _: np.ascontiguousarray(VOLUME.transpose(1, 2, 0)).transpose(2, 0, 1),
    "reversed": lambda _: np.ascontiguousarray(VOLUME[::-1, :, ::-1])[::-1, :, ::-1],
    "strided": lambda _: strided(VOLUME),
    "read-only": lambda _: read_only(VOLUME.copy()),
    "read-only, Fortran order": lambda _: read_only(np.asfortranarray(VOLUME)),
    "big-endian": lambda _: VOLUME.astype(">f4"),
    "big-endian, Fortran order": lambda _: np.asfortranarray(VOLUME.astype(">f4")),
    "subclass": lambda _: np.asfortranarray(VOLUME).view(Subclass),
    "masked, nowhere": lambda _: np.ma.masked_array(VOLUME, mask=np.zeros(VOLUME.shape, bool)),
    "view of an image": lambda _: itk.array_view_from_image(itk.image_from_array(VOLUME)),
    "memmap": lambda tmp_path: memory_mapped(tmp_path, "C"),
    "memmap, Fortran order": lambda tmp_path: memory_mapped(tmp_path, "F"),
    "only __array__": lambda _: OnlyAnArray(np.asfortranarray(VOLUME)),
    "tensor": lambda _: torch.from_numpy(VOLUME.copy()),
    "tensor, permuted": lambda _: torch.from_numpy(VOLUME.transpose(2, 1, 0).copy()).permute(2, 1, 0),
    "tensor, strided": lambda _: torch.from_numpy(strided(VOLUME)),
    "tensor, channels last": lambda _: torch.from_numpy(VOLUME.copy())[None, None].contiguous(
        memory_format=torch.channels_last_3d
    ),
    "tensor that needs a gradient": lambda _: torch.from_numpy(VOLUME.copy()).requires_grad_(),
    "tensor, negative view": lambda _: torch.complex(torch.zeros(VOLUME.shape), -torch.from_numpy(VOLUME)).conj().imag,
    "tensor, subclass": lambda _: torch.from_numpy(VOLUME.copy()).as_subclass(TensorSubclass),
    "DataArray": lambda _: labelled(VOLUME),
    "DataArray, transposed": lambda _: labelled(VOLUME, "xzy").transpose("z", "y", "x"),
    "DataArray, Fortran order": lambda _: xarray.DataArray(np.asfortranarray(VOLUME), dims=["z", "y", "x"]),
}

FUNCTIONS = {
    "upscale": lambda volume: upscale(volume, scale_factors=[1, 1.5, 2]),
    "simulate": lambda volume: simulate(volume, shrink_factors=[1, 1.5, 2]),
    "make_consistent": lambda volume: make_consistent(volume, VOLUME[::2, ::2, ::2], number_of_iterations=1),
}


@functools.cache
def expected_of(function):
    """A function's result for the volume as a contiguous array."""
    return read_only(FUNCTIONS[function](VOLUME).copy())


# --- memory


@pytest.mark.parametrize(
    "kept",
    [
        lambda result: result,
        np.array,
        np.asarray,
        np.ascontiguousarray,
        lambda result: result[1:].view(np.ndarray),
        lambda result: xarray.DataArray(result).values,
        lambda result: np.frombuffer(memoryview(result), result.dtype).reshape(result.shape),
        lambda result: torch.from_numpy(result).numpy(),
    ],
)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_array_that_comes_back_owns_its_memory(function, kept):
    expected = kept(expected_of(function).copy()).copy()
    voxels = kept(FUNCTIONS[function](VOLUME))
    gc.collect()
    others = [np.full(expected.shape, -7, np.float32) for _ in range(6)]  # goes where memory was given back
    np.testing.assert_array_equal(voxels, expected)
    assert len(others) == 6


@pytest.mark.parametrize("function", FUNCTIONS)
def test_it_is_a_plain_array_that_can_be_written_to(function):
    result = FUNCTIONS[function](VOLUME)
    assert type(result) is np.ndarray
    assert result.flags.owndata
    assert result.flags.writeable
    assert result.flags.c_contiguous


@pytest.mark.parametrize("function", FUNCTIONS)
def test_values_of_a_data_array_own_their_memory(function):
    values = np.asarray(FUNCTIONS[function](labelled(VOLUME)).values)
    assert type(values) is np.ndarray
    assert values.flags.owndata


def test_the_input_is_left_as_it_is():
    volume, low = np.asfortranarray(VOLUME), VOLUME[::2, ::2, ::2].astype(np.int64)
    upscale(volume)
    make_consistent(volume, low)
    np.testing.assert_array_equal(volume, VOLUME)
    np.testing.assert_array_equal(low, VOLUME[::2, ::2, ::2].astype(np.int64))


# --- order in memory


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_equal_values_have_equal_results_whatever_their_order_in_memory(function, layout, tmp_path):
    given = LAYOUTS[layout](tmp_path)
    result = FUNCTIONS[function](given)
    expected = expected_of(function)
    if isinstance(given, torch.Tensor):
        assert type(result) is torch.Tensor
        result = result.reshape(expected.shape)
    np.testing.assert_array_equal(np.asarray(result), expected)


@pytest.mark.parametrize("keyword", ["Input", "input", "input1"])
@pytest.mark.parametrize("function", [upscale, simulate])
def test_the_volume_can_be_a_keyword(function, keyword):
    for volume in (np.asfortranarray(VOLUME), VOLUME.astype(np.int32), itk.image_from_array(VOLUME.astype(np.int32))):
        result = function(**{keyword: volume})
        np.testing.assert_array_equal(np.asarray(result), np.asarray(function(volume)))
    with pytest.raises(TypeError, match="given twice"):
        function(VOLUME, **{keyword: VOLUME})


@pytest.mark.parametrize("shape", [(5, 1, 1), (1, 5, 1), (1, 1, 5), (1, 5, 5), (5, 5, 1), (1, 1, 5, 4, 3)])
def test_axes_of_length_1_stay_where_they_are(shape):
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    for given in (values, np.asfortranarray(values), torch.from_numpy(values)):
        result = upscale(given, scale_factors=[1, 2, 3])
        assert tuple(result.shape) == (*shape[:-3], 3 * shape[-3], 2 * shape[-2], shape[-1])


def test_dimensions_of_a_data_array_stay_where_they_are():
    given = labelled(VOLUME, "xzy")
    result = upscale(given, scale_factors=[1, 1.5, 2])
    assert result.dims == ("x", "z", "y")
    expected = upscale(VOLUME, scale_factors=[1, 1.5, 2])
    np.testing.assert_array_equal(result.transpose("z", "y", "x").values, expected)


def test_a_data_array_keeps_its_name_attributes_and_place():
    image = make_image(spacing=(1, 2, 3), origin=(10, 20, 30), direction=OBLIQUE)
    given = itk.xarray_from_image(image).rename("T1").assign_attrs(units="a.u.", echo=[1, 2])
    result = upscale(given, scale_factors=2)
    assert result.name == "T1"
    assert result.attrs["units"] == "a.u."
    assert result.attrs["echo"] == [1, 2]
    np.testing.assert_allclose(result.attrs["direction"], given.attrs["direction"])
    expected = upscale(image, scale_factors=2)
    assert_same_grid(
        itk.image_from_xarray(result.drop_attrs().assign_attrs(direction=result.attrs["direction"])),
        itk.size(expected),
        itk.spacing(expected),
        itk.origin(expected),
        OBLIQUE,
    )


def test_a_data_array_of_one_slice_keeps_its_position():
    given = labelled(VOLUME[:1]).assign_coords(z=[12.0], y=2.0 * np.arange(8), x=np.arange(9) / 3)
    result = upscale(given, scale_factors=[2, 2, 1])
    assert result.coords["z"].values.tolist() == [12.0]
    np.testing.assert_allclose(result.coords["y"][:2], [-0.5, 0.5])


# --- voxel types

INTEGERS = ["bool", "int8", "int32", "uint32", "int64", "uint64", ">i4", ">u8"]


def of_type(dtype):
    return VOLUME > 400 if dtype == "bool" else (VOLUME / 5).astype(dtype)


@pytest.mark.parametrize("dtype", [*INTEGERS, "float16", ">f2"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_types_that_the_filters_do_not_have_are_computed_as_float(function, dtype):
    given = of_type(dtype)
    result = FUNCTIONS[function](given)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, FUNCTIONS[function](given.astype(np.float32)))
    volume = FUNCTIONS[function](labelled(given))
    np.testing.assert_array_equal(volume.values, result)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32", "float64", ">i2", ">u2", ">f8"])
def test_types_that_the_filters_have_are_kept(dtype):
    given = of_type(dtype)
    assert upscale(given).dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(upscale(given), upscale(np.ascontiguousarray(given, given.dtype.newbyteorder("="))))


def test_wider_floats_are_computed_as_double():
    assert upscale(VOLUME.astype(np.longdouble)).dtype == np.float64


@pytest.mark.parametrize("dtype", [torch.bool, torch.int8, torch.int32, torch.int64, torch.uint32])
def test_tensors_of_other_integers_come_back_as_float(dtype):
    given = torch.from_numpy(of_type("bool") if dtype == torch.bool else of_type("int32")).to(dtype)
    result = upscale(given)
    assert result.dtype == torch.float32
    np.testing.assert_array_equal(result.numpy(), upscale(given.to(torch.float32).numpy()))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bits_are_widened_and_narrowed_as_torch_does_it(dtype):
    from itk.arssr_support.halves import narrowed, widened

    every = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(dtype)
    np.testing.assert_array_equal(widened(every), every.float().numpy())
    finite = every[every.isfinite()].float()
    between = torch.cat((finite, finite * 1.001, (finite[1:] + finite[:-1]) / 2, torch.tensor([1e-30, -0.0])))
    between = between.clamp(torch.finfo(dtype).min, torch.finfo(dtype).max)
    assert torch.equal(narrowed(between.numpy(), dtype).view(torch.int16), between.to(dtype).view(torch.int16))
    beyond = narrowed(np.array([np.inf, -3e38], np.float32), torch.float16)
    assert beyond.tolist() == [65504.0, -65504.0]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_tensors_keep_their_type(dtype):
    given = torch.from_numpy(VOLUME).to(dtype)
    result = upscale(given)
    assert result.dtype == dtype
    expected = torch.from_numpy(upscale(given.float().numpy())).to(dtype)
    assert torch.equal(result, expected)


def test_half_precision_does_not_become_infinite():
    given = torch.from_numpy(np.where(VOLUME > 400, 65504.0, 0.0)).to(torch.float16)
    assert torch.isfinite(upscale(given)).all()


@pytest.mark.parametrize("pixel_type", [itk.SI, itk.UI, itk.UL, itk.ULL])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_images_of_other_types_are_computed_as_float(function, pixel_type):
    image = itk.Image[pixel_type, 3].New()
    region = itk.ImageRegion[3]()
    region.SetIndex([3, -4, 5])
    region.SetSize(list(reversed(VOLUME.shape)))
    image.SetRegions(region)
    image.Allocate()
    itk.array_view_from_image(image)[...] = VOLUME
    image.SetSpacing([1, 2, 3])
    image.SetOrigin([10, 20, 30])
    image.SetDirection(itk.matrix_from_array(OBLIQUE))
    real = itk.image_from_array(itk.array_from_image(image).astype(np.float32))
    real.CopyInformation(image)
    real.SetRegions(region)
    result, expected = FUNCTIONS[function](image), FUNCTIONS[function](real)
    assert type(result) is itk.Image[itk.F, 3]
    assert_same_grid(result, itk.size(expected), itk.spacing(expected), itk.origin(expected), OBLIQUE)
    assert itk.index(result) == itk.index(expected)
    np.testing.assert_array_equal(pixels(result), pixels(expected))


def test_the_output_of_a_filter_may_be_of_another_type():
    image = itk.image_from_array(VOLUME.astype(np.int32))
    integers = itk.CastImageFilter[itk.Image[itk.F, 3], itk.Image[itk.SI, 3]].New(itk.image_from_array(VOLUME))
    np.testing.assert_array_equal(pixels(upscale(integers)), pixels(upscale(image)))
    np.testing.assert_array_equal(pixels(upscale(integers.GetOutput())), pixels(upscale(image)))


def test_an_image_can_be_worked_on_as_another_type():
    image_type = itk.Image[itk.D, 3]
    assert upscale(VOLUME, ttype=(image_type, image_type)).dtype == np.float64
    assert type(upscale(itk.image_from_array(VOLUME), ttype=[image_type, image_type])) is image_type


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (VOLUME.astype(complex), r"abs\(volume\).astype\('float32'\)"),
        (VOLUME.astype(object), "voxels of type object.*float32"),
        (VOLUME.astype(str), "which are no numbers"),
        (np.zeros((3, 3, 3), [("a", "f4")]), "which are no numbers"),
        (np.zeros((3, 3, 3), "M8[s]"), "which are no numbers"),
        (VOLUME[0], r"shape \(8, 9\) is no volume"),
        (np.stack([VOLUME] * 2), r"shape \(2, 7, 8, 9\) is no volume"),
        (VOLUME[:0], "has no voxels"),
        (np.ma.masked_array(VOLUME, VOLUME > 400), "voxels of the array are masked"),
        (VOLUME.tolist(), "list is no volume.*float32"),
        (None, "is no volume"),
        ("scan.nii.gz", "str is no volume"),
        (torch.from_numpy(VOLUME).to(torch.complex64), "complex"),
        (torch.from_numpy(VOLUME).to_sparse(), "to_dense"),
        (torch.from_numpy(VOLUME[0]), r"shape \(8, 9\)"),
        (torch.empty(3, 3, 3, device="meta"), "meta"),
        (xarray.DataArray(VOLUME), "dimensions dim_0"),
        (xarray.DataArray(VOLUME[None], dims=list("tzyx")), "dimensions t, z, y, x.*squeeze"),
        (labelled(VOLUME).assign_coords(z=-np.arange(7.0)), r"sortby\('z'\)"),
        (labelled(VOLUME).assign_coords(x=[0, 1, 2, 3, 4, 5, 6, 7, 9]), "do not rise evenly"),
        (itk.Image[itk.F, 2].New(), r"itk.Image\[itk.F, ?2\] is no scalar volume"),
        (itk.Image[itk.RGBPixel[itk.UC], 3].New(), "no scalar volume.*float32"),
        (itk.VectorImage[itk.F, 3].New(), "no scalar volume"),
        (itk.ArSSRModel.New(), "is no volume"),
    ],
)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_other_things_than_volumes_of_numbers_are_refused_with_a_remedy(function, given, message):
    with pytest.raises((TypeError, ValueError), match=message):
        FUNCTIONS[function](given)


# --- numbers of NumPy and torch


@pytest.mark.parametrize(
    "factors",
    [
        np.float32(1.5),
        np.float64(1.5),
        np.array(1.5),
        np.array(1.5, np.float16),
        torch.tensor(1.5),
        [np.float32(1.5)] * 3,
        (1.5, np.float32(1.5), np.array(1.5)),
        np.array([1.5, 1.5, 1.5], np.float32),
        np.array([1.5, 1.5, 1.5])[::-1],
        torch.tensor([1.5, 1.5, 1.5]),
    ],
)
def test_scale_factors_may_be_numbers_of_numpy_and_torch(factors):
    np.testing.assert_array_equal(upscale(VOLUME, scale_factors=factors), upscale(VOLUME, scale_factors=1.5))
    low = simulate(VOLUME, shrink_factors=factors)
    np.testing.assert_array_equal(low, simulate(VOLUME, shrink_factors=1.5))


@pytest.mark.parametrize(
    "factors", [2, np.int64(2), np.uint8(2), np.array(2), torch.tensor(2), [2, 2, 2], (2, 2, 2), np.array([2, 2, 2])]
)
def test_scale_factors_may_be_integers(factors):
    np.testing.assert_array_equal(upscale(VOLUME, scale_factors=factors), upscale(VOLUME, scale_factors=2.0))


def test_other_settings_may_be_numbers_of_numpy_too():
    settings = {
        "size": np.array([5, 6, 7]),
        "output_spacing": np.array([1, 2, 1], np.float32),
        "output_origin": [np.float32(1), 1, np.int64(1)],
        "output_direction": np.asfortranarray(OBLIQUE),
        "output_start_index": np.array([1, 2, 3], np.int16),
        "intensity_window": np.array([0, 700], np.int16),
        "default_pixel_value": np.float32(-7),
        "memory_budget": np.int64(500),
    }
    result = upscale(itk.image_from_array(VOLUME), **settings)
    assert list(itk.size(result)) == [5, 6, 7]
    assert list(itk.index(result)) == [1, 2, 3]
    assert_same_grid(result, (5, 6, 7), (1, 2, 1), (1, 1, 1), OBLIQUE)
    assert -7 in pixels(result)


# --- a reference image

REFERENCE = np.zeros((6, 5, 4), np.float32)
REFERENCES = {
    "image": lambda: itk.image_from_array(REFERENCE),
    "image of integers": lambda: itk.image_from_array(REFERENCE.astype(np.int32)),
    "RGB image": lambda: itk.image_from_array(np.zeros((6, 5, 4, 3), np.uint8), is_vector=True),
    "filter": lambda: itk.MedianImageFilter.New(itk.image_from_array(REFERENCE), radius=1),
    "array": lambda: REFERENCE,
    "array, Fortran order": lambda: np.asfortranarray(REFERENCE),
    "array of complex numbers": lambda: REFERENCE.astype(complex),
    "tensor": lambda: torch.from_numpy(REFERENCE),
    "tensor with channel, permuted": lambda: torch.from_numpy(REFERENCE.T.copy()).permute(2, 1, 0)[None],
    "DataArray": lambda: labelled(REFERENCE, "yxz"),
}


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("keyword", ["reference_image", "ReferenceImage", "output_parameters_from_image"])
def test_a_reference_that_is_given_is_used(keyword, reference):
    image = itk.image_from_array(VOLUME)
    expected = upscale(image, size=[4, 5, 6], output_spacing=[1, 1, 1], output_origin=[0, 0, 0])
    for given in (image, VOLUME, torch.from_numpy(VOLUME), labelled(VOLUME), image.astype(itk.SI)):
        result = upscale(given, **{keyword: REFERENCES[reference]()})
        values = upscale(VOLUME.astype(np.int32), size=[4, 5, 6], output_spacing=[1, 1, 1], output_origin=[0, 0, 0])
        expected_values = values if isinstance(given, itk.Image) and given is not image else pixels(expected)
        np.testing.assert_array_equal(np.asarray(result), expected_values)
    if keyword != "output_parameters_from_image":
        low = simulate(image, **{keyword: REFERENCES[reference]()})
        assert list(itk.size(low)) == [4, 5, 6]


def test_a_data_array_as_reference_has_a_place():
    image = make_image(spacing=(2, 2, 2), origin=(1, 1, 1))
    reference = make_image(size=(5, 6, 7), spacing=(1, 2, 3), origin=(2, 3, 4), direction=OBLIQUE)
    result = upscale(image, reference_image=itk.xarray_from_image(reference))
    assert_same_grid(result, (5, 6, 7), (1, 2, 3), (2, 3, 4), OBLIQUE)
    np.testing.assert_array_equal(pixels(result), pixels(upscale(image, reference_image=reference)))


@pytest.mark.parametrize(
    "other",
    [
        {"scale_factors": 2},
        {"ScaleFactors": [1, 2, 3]},
        {"output_spacing": [1, 1, 1]},
        {"size": [3, 3, 3]},
        {"size": [4, 5, 6], "output_start_index": [1, 0, 0]},
        {"output_parameters_from_image": itk.image_from_array(REFERENCE)},
    ],
)
def test_a_reference_and_another_kind_of_grid_are_refused(other):
    with pytest.raises(RuntimeError, match="Set one kind of output grid"):
        upscale(VOLUME, reference_image=REFERENCE, **other)


def test_a_reference_and_shrink_factors_are_refused():
    with pytest.raises(RuntimeError, match="UseReferenceImage is on and ShrinkFactors are set"):
        simulate(VOLUME, reference_image=REFERENCE, shrink_factors=2)


@pytest.mark.parametrize("function", [upscale, simulate])
def test_a_reference_that_is_not_to_be_used_is_refused(function):
    with pytest.raises(ValueError, match="reference_image is given, and use_reference_image=False: leave one of them"):
        function(VOLUME, reference_image=REFERENCE, use_reference_image=False)
    with pytest.raises(TypeError, match="are one setting"):
        function(VOLUME, reference_image=REFERENCE, ReferenceImage=REFERENCE)


@pytest.mark.parametrize("function", [upscale, simulate])
def test_no_reference_is_none(function):
    np.testing.assert_array_equal(function(VOLUME, reference_image=None), function(VOLUME))
    with pytest.raises(RuntimeError, match="there is no ReferenceImage"):
        function(VOLUME, reference_image=None, use_reference_image=True)


@pytest.mark.parametrize("function", [upscale, simulate])
def test_a_second_image_is_not_ignored(function):
    with pytest.raises(TypeError, match="reference_image="):
        function(itk.image_from_array(VOLUME), itk.image_from_array(REFERENCE))


# --- pairs

HIGH = make_image(size=(12, 10, 8), spacing=(1, 2, 3), origin=(10, 20, 30), direction=OBLIQUE)
LOW = make_image(size=(6, 5, 4), spacing=(2, 4, 6), origin=(0, 0, 0), direction=OBLIQUE, seed=2)
LOW.SetOrigin(list(np.array([10, 20, 30]) + OBLIQUE @ np.array([0.5, 1, 1.5])))

KINDS = {
    "image": lambda image: image,
    "DataArray": itk.xarray_from_image,
    "array": pixels,
    "array, Fortran order": lambda image: np.asfortranarray(pixels(image)),
    "tensor": lambda image: torch.from_numpy(pixels(image)),
    "tensor with channel, permuted": lambda image: torch.from_numpy(pixels(image).T.copy()).permute(2, 1, 0)[None],
}


@pytest.mark.parametrize("high", KINDS)
@pytest.mark.parametrize("low", KINDS)
def test_the_two_images_may_be_of_two_kinds(high, low):
    expected = pixels(make_consistent(HIGH, LOW, number_of_iterations=2))
    given = KINDS[high](HIGH)
    for arguments, keywords in (((KINDS[low](LOW),), {}), ((), {"low_resolution_image": KINDS[low](LOW)})):
        result = make_consistent(given, *arguments, number_of_iterations=2, **keywords)
        assert isinstance(result, type(given))
        np.testing.assert_allclose(np.asarray(result).reshape(expected.shape), expected, atol=1e-3)


@pytest.mark.parametrize("high_type", ["uint8", "int16", "int32", "bool", "float32", "float64"])
@pytest.mark.parametrize("low_type", ["float32", "float64", "float16"])
def test_a_scan_of_floats_is_not_truncated(high_type, low_type):
    high = VOLUME > 400 if high_type == "bool" else (VOLUME / 5).astype(high_type)
    low = (VOLUME[::2, ::2, ::2] / 1000).astype(low_type)
    result = make_consistent(high, low)
    assert result.dtype == (high_type if high_type.startswith("float") else "float32")
    expected = make_consistent(high.astype(np.float32), low.astype(np.float32))
    np.testing.assert_allclose(result, expected, atol=1e-5)
    image = make_consistent(itk.image_from_array(np.asarray(high, np.uint8)), torch.from_numpy(low.copy()))
    np.testing.assert_allclose(
        pixels(image), make_consistent(high.astype(np.uint8).astype(np.float32), low.astype(np.float32)), atol=1e-5
    )


@pytest.mark.parametrize(
    ("high_type", "low_type", "result_type"),
    [
        ("int16", "uint8", "int16"),
        ("uint16", "uint8", "uint16"),
        ("uint8", "int16", "float32"),
        ("int16", "uint16", "float32"),
        ("uint8", "int32", "float32"),
        ("int16", "int16", "int16"),
    ],
)
def test_integers_stay_integers_where_they_hold_the_scan(high_type, low_type, result_type):
    high, low = (VOLUME / 5).astype(high_type), (VOLUME[::2, ::2, ::2] / 5).astype(low_type)
    result = make_consistent(high, low)
    assert result.dtype == result_type
    expected = make_consistent(high.astype(np.float32), low.astype(np.float32))
    np.testing.assert_allclose(result, np.round(expected) if result_type != "float32" else expected, atol=1e-4)
    images = make_consistent(itk.image_from_array(high), itk.image_from_array(low).astype(itk.F))
    assert type(images) is itk.Image[itk.F, 3]


@pytest.mark.parametrize("iterations", [0, 1])
def test_the_image_that_comes_back_has_voxels_of_its_own(iterations):
    given = itk.image_from_array((VOLUME / 5).astype(np.int32))
    result = make_consistent(given, VOLUME[::2, ::2, ::2], number_of_iterations=iterations)
    expected = pixels(result)
    del given
    gc.collect()
    others = [np.full(VOLUME.shape, -7, np.float32) for _ in range(6)]
    np.testing.assert_array_equal(pixels(result), expected)
    assert len(others) == 6


def test_an_image_without_voxels_is_refused():
    image = itk.Image[itk.SI, 3].New()
    image.SetRegions([3, 4, 5])
    with pytest.raises(ValueError, match="not allocated"):
        upscale(image)


# --- ITK's own ways


@pytest.mark.parametrize("function", [upscale, simulate, make_consistent])
def test_the_functions_stay_those_of_itk(function):
    assert function.__name__.endswith("_image_filter")
    assert function.process_object.__name__.startswith("itk::")
    assert "args" in inspect.signature(function).parameters
    assert len(function.__doc__) > 500


def test_missing_images_are_mentioned():
    with pytest.raises(RuntimeError):
        upscale()
    with pytest.raises(RuntimeError, match="LowResolutionImage"):
        make_consistent(itk.image_from_array(VOLUME))
