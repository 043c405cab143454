"""Copies of models, pickles of them, and models in other processes."""

import copy
import multiprocessing
import pickle

import itk
import numpy as np
import pytest
from conftest import make_image, pixels

upscale = itk.arbitrary_scale_super_resolution_image_filter

COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle, protocol {protocol}": lambda model, protocol=protocol: pickle.loads(pickle.dumps(model, protocol))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


def default_model():
    model = itk.ArSSRModel.New()
    model.ReadFile(itk.ArSSRModel.GetDefaultModelFileName())
    return model


def random_model():
    model = itk.ArSSRModel.New()
    model.SetRandomNetwork(itk.ArSSRModelEnums.Encoder_ResCNN, 4, 4, 8, 3)
    return model


def metadata(model) -> dict:
    dictionary = model.GetMetaDataDictionary()
    return {key: dictionary[key] for key in dictionary.GetKeys()}


def voxels(model) -> np.ndarray:
    return pixels(upscale(make_image(), model=model, scale_factors=1.5))


def described(model) -> tuple[dict, np.ndarray]:
    """What another process sees of a model."""
    return metadata(model), voxels(model)


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("original", [default_model, random_model])
def test_a_copy_gives_the_same_bits_and_has_the_same_metadata(original, way):
    model = original()
    model.GetMetaDataDictionary()["description"] = "größer, 更大"
    model.GetMetaDataDictionary()["licence"] = ""
    other = COPIES[way](model)
    assert type(other) is type(model)
    assert other is not model
    assert metadata(other) == metadata(model)
    assert metadata(other)["description"] == "größer, 更大"
    for name in ("NumberOfParameters", "EncoderAsString", "FormAsString", "Depth", "Width", "FeatureDimension"):
        assert getattr(other, f"Get{name}")() == getattr(model, f"Get{name}")()
    np.testing.assert_array_equal(voxels(other), voxels(model))


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_is_changed_apart_from_the_original(way):
    model = default_model()
    before, entries = voxels(model), metadata(model)
    other = COPIES[way](model)
    other.GetMetaDataDictionary()["description"] = "another one"
    other.SetRandomNetwork(itk.ArSSRModelEnums.Encoder_ResCNN, 4, 4, 8, 3)
    assert metadata(model) == entries
    np.testing.assert_array_equal(voxels(model), before)
    after = voxels(COPIES[way](other))
    model.Initialize()
    np.testing.assert_array_equal(voxels(other), after)


@pytest.mark.parametrize("way", COPIES)
def test_an_empty_model_has_copies_too(way):
    model = itk.ArSSRModel.New()
    assert COPIES[way](model).IsEmpty()
    model.GetMetaDataDictionary()["description"] = "to be trained"
    assert metadata(COPIES[way](model)) == {"description": "to be trained"}


def test_a_list_of_models_is_copied_as_such():
    model = random_model()
    first, second, third = copy.deepcopy([model, model, random_model()])
    assert first is second
    assert first is not third
    first, second = pickle.loads(pickle.dumps([model, model]))
    assert first is second


def test_the_output_of_a_trainer_can_be_copied():
    output = itk.ArbitraryScaleSuperResolutionTrainingFilter[itk.Image[itk.F, 3]].New().GetOutput()
    assert COPIES["pickle, protocol 5"](output).IsEmpty()


def test_a_pickle_holds_the_format_of_the_module(tmp_path):
    model = random_model()
    path = tmp_path / "model.safetensors"
    model.WriteFile(str(path))
    assert path.read_bytes() in pickle.dumps(model)


def test_damaged_weights_in_a_pickle_are_refused_as_those_in_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pickled = pickle.dumps(random_model(), 5)
    start = pickled.index(b'{"')
    damaged = pickled[:start] + b"}" + pickled[start + 1 :]
    with pytest.raises(RuntimeError):
        pickle.loads(damaged)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_model_goes_to_another_process(method):
    model = default_model()
    with multiprocessing.get_context(method).Pool(1) as pool:
        entries, result = pool.apply(described, (model,))
    assert entries == metadata(model)
    np.testing.assert_array_equal(result, voxels(model))


def test_a_pickle_is_all_that_another_program_needs(python, tmp_path):
    path = tmp_path / "model.pickle"
    path.write_bytes(pickle.dumps(default_model()))
    result = python("-c", f"import pickle; print(pickle.load(open({str(path)!r}, 'rb')).GetNumberOfParameters())")
    assert result.stdout.strip() == str(default_model().GetNumberOfParameters()), result.stderr
