"""How a scan was taken: according to the user, a sidecar or nobody, and how this is used."""

import json

import itk
import numpy as np
import pytest
from conftest import make_image, pixels, words
from itk_arssr.acquisition.interpolation import Interpolation
from itk_arssr.acquisition.origins import GIVEN, IMAGE
from itk_arssr.acquisition.scan import Told, describe, describe_image, noise_of, parse_noise, parse_profile
from itk_arssr.common.errors import UserError
from itk_arssr.images.sources import Source

SPACING, SIZE = (0.5, 0.5, 3.0), (512, 512, 30)


def rows(parameters=None, told=None, spacing=SPACING):
    return describe(spacing, SIZE, parameters or {}, told or Told()).rows


def test_an_unknown_point_spread_is_assumed_to_be_a_gaussian_of_the_spacing():
    assert rows() == [("xy", "gaussian:0.5", "assumed"), ("z", "gaussian:3", "assumed")]
    assert rows({"Modality": "CT", "SliceThickness": 5}) == rows()


def test_slices_of_a_2d_scan_have_their_thickness_whatever_their_distance():
    for thickness in (2.5, 4.0):
        parameters = {"MRAcquisitionType": "2D", "SliceThickness": thickness, "SpacingBetweenSlices": 3.0}
        assert rows(parameters) == [
            ("xy", "sinc:0.5", "sidecar: 2D scan"),
            ("z", f"gaussian:{thickness:g}", "sidecar: slice thickness"),
        ]
    assert rows({"MRAcquisitionType": "2D"})[1] == ("z", "gaussian:3", "assumed")


def test_a_3d_scan_samples_k_space_along_all_axes():
    assert rows({"MRAcquisitionType": "3D", "SliceThickness": 1.0}, spacing=(1.0, 1.0, 1.0)) == [
        ("xyz", "sinc:1", "sidecar: 3D scan")
    ]
    interpolated = rows({"MRAcquisitionType": "3D", "SliceThickness": 2.0}, spacing=(1.0, 1.0, 1.0))
    assert interpolated[1] == ("z", "sinc:2", "sidecar: 3D scan, interpolated ×2 by the scanner")


@pytest.mark.parametrize(
    ("direction", "axes"),
    [
        ({"PhaseEncodingDirection": "j-"}, {"y": 2.0, "x": 1.6}),
        ({"PhaseEncodingDirection": "i"}, {"x": 2.0, "y": 1.6}),
        ({"PhaseEncodingAxis": "j"}, {"y": 2.0, "x": 1.6}),
        ({"InPlanePhaseEncodingDirectionDICOM": "COL"}, {"y": 2.0, "x": 1.6}),
        ({}, {"x": 1.0, "y": 1.0}),
    ],
)
def test_interpolation_by_the_scanner_is_found_from_its_matrices(direction, axes):
    parameters = {"MRAcquisitionType": "2D", "AcquisitionMatrixPE": 256, "ReconMatrixPE": 512, "BaseResolution": 320}
    described = describe(SPACING, SIZE, parameters | direction, Told())
    for axis, factor in axes.items():
        spread = described.acquisition.GetPointSpread("xyz".index(axis))
        assert spread == itk.ArSSRPointSpread.Sinc(0.5 * factor)
        assert ("interpolated" in described.origins["xyz".index(axis)]) == (factor > 1)


@pytest.mark.parametrize("value", ["3", None, True, -1, float("nan"), [2]])
def test_invalid_lengths_are_ignored(value):
    assert rows({"MRAcquisitionType": "2D", "SliceThickness": value})[1] == ("z", "gaussian:3", "assumed")


def test_the_user_comes_first():
    parameters = {"MRAcquisitionType": "2D", "SliceThickness": 2.5}
    assert rows(parameters, Told("z=box:4")) == [("xy", "sinc:0.5", "sidecar: 2D scan"), ("z", "box:4", "given")]
    assert rows(parameters, Told(slice_thickness=4))[1] == ("z", "gaussian:4", "given")
    assert rows({}, Told("sinc")) == [("xy", "sinc:0.5", "given"), ("z", "sinc:3", "given")]
    assert rows({}, Told(slice_thickness=4), (3.0, 0.5, 0.5))[0] == ("x", "gaussian:4", "given")
    with pytest.raises(UserError, match="both set the slice profile along z"):
        rows(parameters, Told("z=box", 4))
    with pytest.raises(ValueError, match="bax"):
        parse_profile("z=bax")


def noisy_image(deviation=8.0, size=(40, 44, 48)):
    image = make_image(size=size)
    voxels = itk.array_view_from_image(image)
    random = np.random.default_rng(3)
    voxels[...] = np.hypot(
        200 + deviation * random.standard_normal(voxels.shape), deviation * random.standard_normal(voxels.shape)
    )
    return image


def test_the_noise_comes_from_the_user_or_the_image():
    image = noisy_image()
    rician, gaussian = itk.ArSSRAcquisitionEnums.Noise_Rician, itk.ArSSRAcquisitionEnums.Noise_Gaussian
    told = noise_of(image, Told())
    assert told.deviation == pytest.approx(8, rel=0.1)
    assert (told.kind, told.origin) == (rician, IMAGE)
    for said in (Told(noise="12:gaussian"), Told("z=box,noise=12:gaussian")):
        told = noise_of(image, said)
        assert (told.deviation, told.kind, told.origin) == (12, gaussian, GIVEN)
        assert str(told) == "noise 12 gaussian (given)"
    assert str(noise_of(image, Told(noise="12"))) == "noise 12 (given)"
    assert str(noise_of(image, Told(noise="0"))) == "noise none (given)"
    with pytest.raises(UserError, match="both set the noise"):
        noise_of(image, Told("noise=3", noise="12"))


def zero_filled(axis, factor, size=(72, 70, 68), noise=14.0):
    """An image of a textured object whose k-space along an axis (x, y, z) was filled with zeros."""
    random = np.random.default_rng(5)
    shape = size[::-1]
    real = 700 + 40 * random.standard_normal(shape) + noise * random.standard_normal(shape)
    signal = np.fft.fft(real + 1j * noise * random.standard_normal(shape), axis=2 - axis)
    frequencies = np.abs(np.fft.fftfreq(size[axis]))
    outside = [slice(None)] * 3
    outside[2 - axis] = frequencies > 0.5 / factor
    signal[tuple(outside)] = 0
    image = make_image(size=size)
    itk.array_view_from_image(image)[...] = np.abs(np.fft.ifft(signal, axis=2 - axis)).round()
    return image


def test_interpolation_that_nobody_states_is_found_in_the_image(arssr, write, tmp_path):
    image = zero_filled(1, 1.5)
    described = describe_image(image, {}, Told())
    spacing = itk.spacing(image)[1]
    spread = described.acquisition.GetPointSpread(1)
    assert spread.GetWidth() == pytest.approx(1.5 * spacing, rel=0.06)
    assert spread == itk.ArSSRPointSpread.Sinc(spread.GetWidth())
    assert described.origins[1].startswith(f"{IMAGE}: interpolated ×1.")
    assert described.origins[0] == described.origins[2] == "assumed"
    assert describe_image(image, {}, Told("y=box:3")).origins[1] == GIVEN
    path = write("scan.mha", image)
    told = words(arssr("info", path).stdout)
    assert "x, z none found" in told
    assert "y ×1." in told
    result = arssr("upscale", path, tmp_path / "hr.mha", "--spacing", 3)
    assert "by the scanner)" in words(result.stdout)


def test_the_image_shows_interpolation_if_the_sidecar_does_not():
    parameters = {"MRAcquisitionType": "3D", "SliceThickness": 1.0, "PhaseEncodingDirection": "j"}
    found = Interpolation((1.5, 1.5, 0.0))
    described = describe((1.0, 1.0, 1.0), (72, 72, 20), parameters, Told(), interpolation=found)
    assert described.rows == [
        ("xy", "sinc:1.5", "sidecar: 3D scan; estimated from the image: interpolated ×1.5 by the scanner"),
        ("z", "sinc:1", "sidecar: 3D scan"),
    ]
    matrices = parameters | {"AcquisitionMatrixPE": 72, "ReconMatrixPE": 72, "BaseResolution": 36}
    described = describe((1.0, 1.0, 1.0), (72, 72, 20), matrices, Told(), interpolation=found)
    assert described.rows == [
        ("x", "sinc:2", "sidecar: 3D scan, interpolated ×2 by the scanner"),
        ("yz", "sinc:1", "sidecar: 3D scan"),
    ]
    assert ("interpolation by the scanner", "x, y ×1.5; z unknown, estimated from the image") in described.table


def test_an_image_too_small_to_estimate_noise_is_assumed_to_have_none():
    assert str(noise_of(make_image(size=(3, 3, 2)), Told())) == "noise none (assumed)"


def test_a_scans_description_holds_its_noise():
    described = describe_image(noisy_image(), {}, Told("xy=sinc"))
    assert described.acquisition.GetNoise() == pytest.approx(8, rel=0.1)
    assert "noise 8." in str(described) or "noise 7." in str(described)
    assert "rician (estimated from the image)" in str(described)
    assert not describe(SPACING, SIZE, {}, Told()).acquisition.IsNoiseKnown()
    assert describe(SPACING, SIZE, {}, Told(noise="4")).acquisition.GetNoise() == 4


@pytest.mark.parametrize("text", ["-1", "x", "12:poisson", "12,z=box", "nan", ""])
def test_bad_noise_is_refused(text):
    with pytest.raises(ValueError, match="noise"):
        parse_noise(text)


def test_a_sidecar_lies_beside_its_image(tmp_path):
    source = Source(tmp_path / "scan.nii.gz")
    assert source.scan_parameters == {}
    sidecar = tmp_path / "scan.json"
    for content in (b"", b"[1]", b"{", b"\xff", b'"\xc3"'):
        sidecar.write_bytes(content)
        assert source.scan_parameters == {}
    sidecar.write_text(json.dumps({"MRAcquisitionType": "3D"}))
    assert source.scan_parameters == {"MRAcquisitionType": "3D"}


def test_info_shows_the_source_of_each_part(arssr, write, tmp_path):
    path = write("scan.nii.gz", make_image(size=(12, 13, 14), spacing=(1, 1, 3)))
    (tmp_path / "scan.json").write_text(json.dumps({"MRAcquisitionType": "2D", "SliceThickness": 2.5}))
    result = arssr("info", path)
    assert result.exit_code == 0, result.stderr
    for text in (
        "12×13×14",
        "1×1×3 mm",
        "sinc:1 mm, sidecar: 2D scan",
        "gaussian:2.5 mm, sidecar: slice thickness",
    ):
        assert text in words(result.stdout)
    (tmp_path / "scan.json").unlink()
    told = words(arssr("info", path).stdout)
    assert "gaussian:3 mm, assumed" in told
    assert "estimated from the image" in told


def test_info_says_why_nothing_is_estimated_from_voxels(arssr, write):
    image = make_image(size=(12, 13, 14))
    itk.array_view_from_image(image)[0, 0, 0] = np.nan
    result = arssr("info", write("scan.mha", image))
    assert result.exit_code == 0, result.stderr
    assert "12×13×14" in result.stdout
    assert "nothing could be estimated from the voxels" in words(result.stdout + result.stderr)


def test_results_agree_with_the_scan_as_it_was_taken(arssr, write, tmp_path):
    truth = make_image(size=(24, 24, 24))
    itk.array_view_from_image(truth)[8:16, 8:16, 8:16] += 60
    scan = itk.slice_profile_simulation_image_filter(truth, shrink_factors=[1.0, 1.0, 3.0], acquisition="z=box:1.5")
    path = write("scan.nii.gz", scan)
    output, residual = tmp_path / "hr.nii.gz", tmp_path / "residual.nii.gz"
    options = ("--scale", "1x1x3", "--consistency", 10, "--residual", residual, "--overwrite")
    errors = []
    for told in (["--profile", "z=box:1.5"], []):
        result = arssr("upscale", path, output, *options, *told)
        assert result.exit_code == 0, result.stderr
        errors.append(float(np.square(pixels(itk.imread(str(output))) - pixels(truth)).mean()))
        expected = "z box:1.5 mm (given)" if told else "z gaussian:3 mm (assumed)"
        assert expected in words(result.stdout)
    assert errors[0] < errors[1]
    assert "(estimated from the image)" in words(result.stdout)
    said = arssr("upscale", path, output, *options, "--noise", "2.5:rician")
    assert "noise 2.5 rician (given)" in words(said.stdout)
    thick = arssr("upscale", path, output, *options, "--slice-thickness", 1.5)
    assert "z gaussian:1.5 mm (given)" in words(thick.stdout)
    assert "have no meaning without --consistency" in words(
        arssr("upscale", path, output, "--scale", 2, "--profile", "box").stderr
    )
