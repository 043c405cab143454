"""Weights files that torch and safetensors write are read as they read them, and the other way round."""

import json
from collections import OrderedDict
from pathlib import Path

import itk
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

CHANNELS, FEATURES, WIDTH = 64, 3, 5  # the published encoder's channels; the rest small, to be quick
LAYERS_PER_STAGE = 2
ZIP, LEGACY = True, False

FORMATS = pytest.mark.parametrize("new_format", [ZIP, LEGACY], ids=["zip", "legacy"])


def res_cnn_shapes() -> dict[str, tuple[int, ...]]:
    """Names and shapes of a ResCNN network's tensors, in the published order."""
    layers = OrderedDict()
    layers["encoder.conv_start.0"] = (CHANNELS, 1, 3, 3, 3)
    for block in (1, 2, 3):
        for convolution in range(6):
            layers[f"encoder.block{block}.{2 * convolution}"] = (CHANNELS, CHANNELS, 3, 3, 3)
    layers["encoder.conv_end.0"] = (FEATURES, CHANNELS, 3, 3, 3)
    inputs = FEATURES + 3
    for stage, outputs in (("one", inputs), ("two", 1)):
        sizes = [inputs, *[WIDTH] * (LAYERS_PER_STAGE - 1), outputs]
        for layer in range(LAYERS_PER_STAGE):
            layers[f"decoder.stage_{stage}.{2 * layer}"] = (sizes[layer + 1], sizes[layer])
    shapes = OrderedDict()
    for name, shape in layers.items():
        shapes[f"{name}.weight"] = shape
        shapes[f"{name}.bias"] = shape[:1]
    return shapes


def make_weights(dtype=torch.float32) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    shapes = res_cnn_shapes()
    return OrderedDict((name, torch.randn(shape, generator=generator).to(dtype)) for name, shape in shapes.items())


def read_back(path: Path) -> dict[str, torch.Tensor]:
    """What the module understood of a file: read, written as safetensors, and read by another implementation."""
    model = itk.ArSSRModel.New()
    model.ReadFile(str(path))
    assert model.GetEncoderAsString() == "ResCNN"
    assert (model.GetFeatureDimension(), model.GetDepth(), model.GetWidth()) == (FEATURES, 2 * LAYERS_PER_STAGE, WIDTH)
    copy = path.with_suffix(".copy")
    model.WriteFile(str(copy))
    return load_file(copy)


def assert_same_weights(actual: dict, expected: dict) -> None:
    assert set(actual) == set(expected)
    for name, tensor in expected.items():
        torch.testing.assert_close(actual[name], tensor.detach().float(), rtol=0, atol=0, msg=name)


def refusal(path: Path) -> str:
    """The message with which reading fails; the model keeps what it had."""
    model = itk.ArSSRModel.New()
    with pytest.raises(RuntimeError) as caught:
        model.ReadFile(str(path))
    assert model.IsEmpty()
    assert path.name in str(caught.value)
    return str(caught.value)


@FORMATS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_torch_files_of_every_type_are_read(tmp_path, new_format, dtype):
    weights = make_weights(dtype)
    torch.save(weights, tmp_path / "weights.pkl", _use_new_zipfile_serialization=new_format)
    assert_same_weights(read_back(tmp_path / "weights.pkl"), weights)


@FORMATS
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_pickle_protocol_is_read(tmp_path, new_format, protocol):
    weights = make_weights()
    torch.save(weights, tmp_path / "w.pt", pickle_protocol=protocol, _use_new_zipfile_serialization=new_format)
    assert_same_weights(read_back(tmp_path / "w.pt"), weights)


@FORMATS
def test_non_contiguous_tensors_and_shared_storages_are_read(tmp_path, new_format):
    weights = make_weights()
    kernel = weights["encoder.block1.0.weight"]
    weights["encoder.block1.0.weight"] = kernel.permute(2, 3, 4, 0, 1).contiguous().permute(3, 4, 0, 1, 2)
    weights["encoder.block1.2.weight"] = kernel.contiguous(memory_format=torch.channels_last_3d)
    weights["encoder.block1.4.weight"] = kernel
    weights["encoder.block1.6.weight"] = kernel.transpose(0, 1)
    both = torch.randn(2 * CHANNELS + 1)
    weights["encoder.block2.0.bias"] = both[1 : CHANNELS + 1]
    weights["encoder.block2.2.bias"] = both[::2][:CHANNELS]
    torch.save(weights, tmp_path / "weights.pt", _use_new_zipfile_serialization=new_format)
    assert_same_weights(read_back(tmp_path / "weights.pt"), weights)


@FORMATS
def test_a_real_state_dict_with_metadata_is_read(tmp_path, new_format):
    module = torch.nn.Module()
    for name, tensor in make_weights().items():
        *path, leaf = name.split(".")
        parent = module
        for part in path:
            if not hasattr(parent, part):
                parent.add_module(part, torch.nn.Module())
            parent = getattr(parent, part)
        parent.register_parameter(leaf, torch.nn.Parameter(tensor))
    weights = module.state_dict()
    assert weights._metadata
    torch.save(weights, tmp_path / "weights.pkl", _use_new_zipfile_serialization=new_format)
    assert_same_weights(read_back(tmp_path / "weights.pkl"), weights)


@FORMATS
def test_parameters_and_plain_dictionaries_are_read(tmp_path, new_format):
    weights = {name: torch.nn.Parameter(tensor) for name, tensor in make_weights().items()}
    torch.save(weights, tmp_path / "weights.pt", _use_new_zipfile_serialization=new_format)
    assert_same_weights(read_back(tmp_path / "weights.pt"), weights)


@FORMATS
def test_the_prefix_of_several_gpus_is_removed(tmp_path, new_format):
    weights = make_weights()
    prefixed = OrderedDict((f"module.{name}", tensor) for name, tensor in weights.items())
    torch.save(prefixed, tmp_path / "weights.pkl", _use_new_zipfile_serialization=new_format)
    assert_same_weights(read_back(tmp_path / "weights.pkl"), weights)


@pytest.mark.parametrize("key", ["state_dict", "model"])
def test_a_dictionary_around_the_weights_is_read(tmp_path, key):
    weights = make_weights()
    torch.save({key: weights}, tmp_path / "weights.pt")
    assert_same_weights(read_back(tmp_path / "weights.pt"), weights)


def test_archives_without_checksums_are_read(tmp_path):
    weights = make_weights()
    computed = torch.serialization.get_crc32_options()
    try:
        torch.serialization.set_crc32_options(False)
        torch.save(weights, tmp_path / "weights.pt")
    finally:
        torch.serialization.set_crc32_options(computed)
    assert_same_weights(read_back(tmp_path / "weights.pt"), weights)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_safetensors_of_the_other_implementation_are_read(tmp_path, dtype):
    weights = make_weights(dtype)
    metadata = {"description": 'é "quoted" \\ \n \u0001 🧠', "empty": ""}
    save_file(weights, tmp_path / "weights.bin", metadata=metadata)
    model = itk.ArSSRModel.New()
    model.ReadFile(str(tmp_path / "weights.bin"))
    model.WriteFile(str(tmp_path / "copy.bin"))
    assert_same_weights(load_file(tmp_path / "copy.bin"), weights)
    with safe_open(tmp_path / "copy.bin", "pt") as file:
        assert metadata.items() <= file.metadata().items()


def test_written_headers_list_the_tensors_in_the_published_order(tmp_path):
    model = itk.ArSSRModel.New()
    model.SetRandomNetwork(itk.ArSSRModelEnums.Encoder_ResCNN, FEATURES, 2 * LAYERS_PER_STAGE, WIDTH)
    model.WriteFile(str(tmp_path / "weights.safetensors"))
    content = (tmp_path / "weights.safetensors").read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    assert size % 8 == 0
    assert [name for name in header if name != "__metadata__"] == list(res_cnn_shapes())
    assert [path.name for path in tmp_path.iterdir()] == ["weights.safetensors"]


@FORMATS
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda weights: {"state_dict": weights, "epoch": 3}, "'epoch' (an int)"),
        (lambda weights: {**weights, "steps": torch.zeros(1, dtype=torch.int64)}, "'torch.LongStorage'"),
        (lambda weights: {**weights, "wide": torch.ones(1).expand(10)}, "the tensor 'wide' does not fit"),
        (lambda weights: {**weights, "bad": torch.tensor([0, float("nan")])}, "'bad' are NaN or infinite"),
        (lambda weights: {**weights, "path": Path("x")}, "refused global 'pathlib."),
        (lambda weights: {**weights, "lazy": torch._neg_view(torch.ones(2))}, "'lazy' has metadata"),
        (lambda weights: list(weights.values()), "the file holds a list"),
        (lambda weights: torch.nn.Linear(2, 2), "refused global 'torch.nn.modules.linear.Linear'"),
    ],
)
def test_other_content_is_refused_by_name(tmp_path, new_format, change, reason):
    content = change({"encoder.conv_start.0.bias": torch.zeros(CHANNELS)})
    torch.save(content, tmp_path / "weights.pt", _use_new_zipfile_serialization=new_format)
    assert reason in refusal(tmp_path / "weights.pt")


class Payload:
    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@FORMATS
def test_nothing_in_a_file_is_run(tmp_path, new_format):
    torch.save({"payload": Payload(tmp_path / "owned")}, tmp_path / "w.pt", _use_new_zipfile_serialization=new_format)
    assert "refused" in refusal(tmp_path / "w.pt")
    assert not (tmp_path / "owned").exists()
    torch.load(tmp_path / "w.pt", weights_only=False)
    assert (tmp_path / "owned").exists(), "the payload works where pickles are run"
