"""scripts/rescale_model.py gives the network that its text says."""

import subprocess
import sys
from pathlib import Path

import itk
import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "rescale_model.py"
IMAGE = itk.Image[itk.F, 3]


def rescale(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the script."""
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def output(model: Path, image: itk.Image, factor: float = 1.0) -> np.ndarray:
    """What the network makes of the image multiplied by a factor, its intensities neither scaled nor bounded."""
    network = itk.ArSSRModel.New()
    network.ReadFile(str(model))
    scaled = itk.image_from_array(itk.array_from_image(image) * np.float32(factor))
    upscale = itk.ArbitraryScaleSuperResolutionImageFilter[IMAGE, IMAGE].New(scaled)
    upscale.SetModel(network)
    upscale.SetIntensityScaling(False)
    upscale.BoundToNeighborhoodOff()
    upscale.SetScaleFactors(2)
    upscale.Update()
    return itk.array_from_image(upscale.GetOutput())


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    """A small network of the local form."""
    model = itk.ArSSRModel.New()
    model.SetRandomLocalNetwork(4, 1, 5, 3, 6, 2)
    model.WriteFile(str(tmp_path / "model.safetensors"))
    return tmp_path / "model.safetensors"


def test_the_result_is_the_networks_at_another_gain(model_file: Path) -> None:
    """At residual 1 it is f(gain x) / gain; the residual's factor is linear."""
    image = itk.image_from_array(np.random.default_rng(1).random((6, 7, 8), dtype=np.float32))
    for gain, residual in ((0.7, 1.0), (0.7, 2.0), (1.0, 1.5)):
        target = model_file.with_name(f"{gain}-{residual}.safetensors")
        assert rescale(model_file, target, "--gain", gain, "--residual", residual).returncode == 0
        plain = model_file.with_name(f"{gain}-0.safetensors")
        assert rescale(model_file, plain, "--gain", gain, "--residual", 1e-30).returncode == 0
        skip = output(plain, image)
        expected = skip + residual * (output(model_file, image, gain) / np.float32(gain) - skip)
        np.testing.assert_allclose(output(target, image), expected, atol=2e-6)
        assert not np.allclose(output(target, image), output(model_file, image), atol=1e-3)


def test_what_cannot_be_rescaled_is_refused(model_file: Path, tmp_path: Path) -> None:
    """The published form has a last ReLU, and no interpolation to start from."""
    published = itk.ArSSRModel.New()
    published.SetRandomNetwork(itk.ArSSRModelEnums.Encoder_ResCNN, 4, 4, 8, 1)
    published.WriteFile(str(tmp_path / "published.safetensors"))
    target = tmp_path / "out.safetensors"
    refused = rescale(tmp_path / "published.safetensors", target, "--gain", 0.5)
    assert refused.returncode != 0
    assert "not of the local form" in refused.stderr
    assert "must be above 0" in rescale(model_file, target, "--gain", 0).stderr
    assert not target.exists()
