"""The script that makes a trained network larger."""

import subprocess
import sys

import itk
import numpy as np
import pytest
from conftest import ROOT, make_image, pixels

SCRIPT = ROOT / "scripts" / "grow_model.py"
SIZES = {"channels": 11, "blocks": 3, "width": 13}


def grown(source, target, **sizes):
    arguments = [text for name, size in (SIZES | sizes).items() for text in (f"--{name}", str(size))]
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(source), str(target), *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture
def small(tmp_path):
    """A network of the local form with random weights."""
    model = itk.ArSSRModel.New()
    model.SetRandomLocalNetwork(7, 2, 9, 4, 8, 5)
    model.WriteFile(str(tmp_path / "small.safetensors"))
    return tmp_path / "small.safetensors"


def test_a_larger_network_computes_the_same(small, tmp_path):
    result = grown(small, tmp_path / "large.safetensors")
    assert result.returncode == 0, result.stderr
    large = itk.ArSSRModel.New()
    large.ReadFile(str(tmp_path / "large.safetensors"))
    assert large.GetWidth() == SIZES["width"]
    image = make_image(size=(9, 8, 7))
    before, after = (
        pixels(itk.arbitrary_scale_super_resolution_image_filter(image, model_file_name=str(file), scale_factors=1.7))
        for file in (small, tmp_path / "large.safetensors")
    )
    np.testing.assert_allclose(after, before, atol=1e-4 * np.ptp(before))
    assert np.ptp(before) > 0


def test_a_smaller_network_is_refused(small, tmp_path):
    result = grown(small, tmp_path / "large.safetensors", width=3)
    assert result.returncode == 2
    assert "--width 3 is less than the 8" in result.stderr
    assert not (tmp_path / "large.safetensors").exists()
