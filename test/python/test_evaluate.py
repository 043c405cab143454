"""The command evaluate: its figures, what it writes, and the mistakes it explains."""

import csv
import re
import sys
from pathlib import Path

import itk
import numpy as np
import pytest
from conftest import OBLIQUE, make_image, pixels
from itk_arssr.evaluation.metrics import compare
from itk_arssr.images.resample import grid_of, resample
from itk_arssr.images.simulation import simulate_low_resolution
from scipy import stats
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

BORDER = 2
BASELINES = ["linear", "B-spline", "B-spline + BP"]
OUTPUTS = ["best.png", "gain.png", "results.csv", "results.md", "worst.png"]


def write_model(path: Path, seed: int) -> Path:
    model = itk.ArSSRModel.New()
    model.SetRandomNetwork(itk.ArSSRModelEnums.Encoder_ResCNN, 8, 4, 16, seed)
    model.WriteFile(str(path))
    return path


def files_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def model(tmp_path) -> Path:
    return write_model(tmp_path / "tiny.safetensors", 9)


@pytest.fixture
def scans(write, tmp_path) -> Path:
    write("hr/a.nii.gz", make_image(size=(20, 22, 24), spacing=(1, 1, 1.5), direction=OBLIQUE))
    write("hr/b.mha", make_image(size=(24, 20, 21), pixel_type=itk.SS, seed=5))
    return tmp_path / "hr"


@pytest.fixture
def evaluate(arssr, tmp_path):
    """Run the command with a small border and with the results in the test's own folder."""

    def run(*arguments, scales="2"):
        return arssr("evaluate", *arguments, "--border", BORDER, "--scales", scales, "--out", tmp_path / "out")

    return run


def truth_of(image) -> itk.Image:
    """Intensities as documented, independent of the program's own code."""
    voxels = pixels(image).astype(np.float64)
    lower = min(0.0, voxels.min())
    above = np.sort(voxels[voxels > lower])
    upper = above[above.size - above.size // 1000 - 1]  # nearest rank of the 99.9th percentile
    scaled = ((voxels - lower) * (1 / (upper - lower))).astype(np.float32)
    truth = itk.image_from_array(np.clip(scaled, np.float32(0), np.float32(1.2)))
    truth.CopyInformation(image)
    return truth


def back_projected(image, low, iterations: int, acquisition="auto") -> itk.Image:
    consistency = itk.SliceProfileDataConsistencyImageFilter[type(image)].New(image)
    consistency.SetLowResolutionImage(low)
    consistency.SetNumberOfIterations(iterations)
    consistency.SetAcquisition(acquisition)
    consistency.Update()
    return consistency.GetOutput()


def restored(truth, factors, model: Path, iterations: int = 10, acquisition="auto") -> dict[str, itk.Image]:
    """Every method's result, by the filters themselves."""
    grid = grid_of(truth)
    low = simulate_low_resolution(truth, factors, itk.ArSSRAcquisition.FromText(acquisition))
    weights = itk.ArSSRModel.New()
    weights.ReadFile(str(model))
    own = itk.arbitrary_scale_super_resolution_image_filter(
        low, model=weights, reference_image=truth, use_reference_image=True
    )
    images = {"linear": resample(low, grid, "linear"), "B-spline": resample(low, grid, "B-spline"), "tiny": own}
    images["tiny + BP"] = back_projected(own, low, iterations, acquisition)
    rivals = [back_projected(images["B-spline"], low, number, acquisition) for number in range(iterations + 1)]
    images["B-spline + BP"] = max(rivals, key=lambda image: compare(pixels(truth), pixels(image), BORDER).psnr)
    return images


def quality(truth: np.ndarray, image: np.ndarray) -> tuple[float, float]:
    """PSNR and SSIM by scikit-image."""
    extent = np.ptp(truth)
    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return (
        peak_signal_noise_ratio(truth, image, data_range=extent),
        structural_similarity(truth, image, data_range=extent, **window),
    )


# --- figures


def test_the_table_has_the_figures_of_each_image_scale_and_method(evaluate, scans, model, tmp_path):
    result = evaluate(model, scans, scales="2,1x1x2.5")
    assert result.exit_code == 0, result.stdout + result.stderr
    rows = rows_of(tmp_path / "out")
    methods = [*BASELINES, "tiny", "tiny + BP"]
    assert [(row["image"], row["scale"], row["method"]) for row in rows] == [
        (image, scale, method) for image in ("a.nii.gz", "b.mha") for scale in ("2", "1x1x2.5") for method in methods
    ]
    for image in ("a.nii.gz", "b.mha"):
        truth = truth_of(itk.imread(str(scans / image)))
        inner = pixels(truth)[BORDER:-BORDER, BORDER:-BORDER, BORDER:-BORDER]
        for scale, factors in (("2", (2, 2, 2)), ("1x1x2.5", (1, 1, 2.5))):
            images = restored(truth, factors, model)
            for row in rows:
                if (row["image"], row["scale"]) != (image, scale):
                    continue
                other = pixels(images[row["method"]])[BORDER:-BORDER, BORDER:-BORDER, BORDER:-BORDER]
                psnr, ssim = quality(inner.astype(np.float64), other.astype(np.float64))
                assert float(row["psnr"]) == pytest.approx(psnr, abs=1e-5)
                assert float(row["ssim"]) == pytest.approx(ssim, abs=1e-6)
                assert row["degradation"] == "slice-profile"


def test_gains_are_differences_to_the_baselines_of_the_same_image_and_scale(evaluate, scans, model, tmp_path):
    evaluate(model, scans, scales="2,3")
    rows = rows_of(tmp_path / "out")
    figures = {(row["image"], row["scale"], row["method"]): row for row in rows}
    for row in rows:
        for figure in ("psnr", "ssim"):
            for baseline, name in zip(BASELINES, ("linear", "bspline", "bspline_bp"), strict=True):
                other = figures[row["image"], row["scale"], baseline]
                assert float(row[f"{figure}_over_{name}"]) == pytest.approx(
                    float(row[figure]) - float(other[figure]), abs=1e-12
                )
    linear = [row for row in rows if row["method"] == "linear"]
    assert all(float(row["psnr_over_bspline_bp"]) < 0 for row in linear)  # not all the same


def test_means_and_intervals_in_the_report_are_those_of_the_table(evaluate, scans, model, tmp_path):
    result = evaluate(model, scans, scales="2,3")
    rows = rows_of(tmp_path / "out")
    report = (tmp_path / "out" / "results.md").read_text(encoding="utf-8")
    for scale in ("2", "3"):
        section = report.split(f"## ×{scale}, mean of 2 images ± 95% confidence interval\n")[1].split("\n## ")[0]
        for method in (*BASELINES, "tiny", "tiny + BP"):
            chosen = [row for row in rows if (row["scale"], row["method"]) == (scale, method)]
            cells = next(line for line in section.splitlines() if line.startswith(f"| {method} |")).split(" | ")[1:]
            columns = [key for key in chosen[0] if key.startswith(("psnr", "ssim"))]
            for cell, column in zip(cells, columns, strict=True):
                values = [float(row[column]) for row in chosen]
                if not any(values):
                    assert cell.strip(" |") == ""  # a method's gain over itself
                    continue
                digits = 2 if column.startswith("psnr") else 4
                low, high = stats.t.interval(0.95, 1, np.mean(values), stats.sem(values))
                sign = "+" if "over" in column else ""
                assert cell.strip(" |") == f"{np.mean(values):{sign}.{digits}f} ± {(high - low) / 2:.{digits}f}"
        assert f"×{scale}, mean of 2 images ± 95% confidence interval" in result.stdout
    assert "| a.nii.gz | ×2 | linear |" in report
    assert "Failed" not in report


def test_images_are_taken_and_back_projected_as_each_condition_says(evaluate, scans, model, tmp_path):
    profiles = "sinc;z=box:2,xy=sinc"
    result = evaluate(model, scans / "a.nii.gz", "--profiles", profiles, "--noise", "0,3")
    assert result.exit_code == 0, result.stdout + result.stderr
    truth = truth_of(itk.imread(str(scans / "a.nii.gz")))
    rows = rows_of(tmp_path / "out")
    assert len(rows) == 4 * 5 + 2
    for profile, text in (("sinc", "xyz=sinc"), ("z=box:2,xy=sinc", "z=box:2,xy=sinc")):
        for noise in ("0", "3"):
            chosen = {row["method"]: row for row in rows if (row["profile"], row["noise"]) == (profile, noise)}
            images = restored(truth, (2, 2, 2), model, 10, text + (",noise=0.03:rician" if noise == "3" else ""))
            assert ("non-local means, B-spline" in chosen) == (noise == "3")
            for method, image in images.items():
                expected = compare(pixels(truth), pixels(image), BORDER).psnr
                assert float(chosen[method]["psnr"]) == pytest.approx(expected, abs=2e-4), (profile, noise, method)
    report = (tmp_path / "out" / "results.md").read_text(encoding="utf-8")
    assert "## Over the best rival of each image" in report
    assert "## ×2 sinc, 3 % noise, n=1" in report


def test_gaps_are_between_thick_slices(evaluate, scans, model, tmp_path):
    result = evaluate(model, scans / "a.nii.gz", "--profiles", "box", "--gaps", "0,25", scales="2,1x1x2")
    assert result.exit_code == 0, result.stdout + result.stderr
    found = {(row["scale"], row["gap"]): row["psnr"] for row in rows_of(tmp_path / "out") if row["method"] == "linear"}
    assert set(found) == {("2", "0"), ("1x1x2", "0"), ("1x1x2", "25")}
    assert found["1x1x2", "0"] != found["1x1x2", "25"]


def test_one_image_has_no_confidence_interval(evaluate, scans, model, tmp_path):
    result = evaluate(model, scans / "a.nii.gz")
    assert result.exit_code == 0, result.stderr
    report = (tmp_path / "out" / "results.md").read_text(encoding="utf-8")
    for text in (result.stdout, report):
        assert "×2, n=1: no confidence interval" in text
        assert "±" not in text


def test_the_published_degradation_samples_at_the_larger_voxels_centres(evaluate, scans, model, tmp_path):
    assert evaluate(model, scans / "a.nii.gz", "--degradation", "cubic").exit_code == 0
    truth = truth_of(itk.imread(str(scans / "a.nii.gz")))
    grid = grid_of(simulate_low_resolution(truth, (2, 2, 2)))
    spline = resample(resample(truth, grid, "B-spline"), grid_of(truth), "B-spline")
    row = rows_of(tmp_path / "out")[1]
    assert (row["method"], row["degradation"]) == ("B-spline", "cubic")
    assert float(row["psnr"]) == pytest.approx(compare(pixels(truth), pixels(spline), BORDER).psnr, abs=1e-5)


def test_without_iterations_models_are_not_back_projected_but_b_splines_are(evaluate, scans, model, tmp_path):
    result = evaluate(model, scans / "a.nii.gz", "--iterations", 0)
    assert result.exit_code == 0, result.stderr
    assert [row["method"] for row in rows_of(tmp_path / "out")] == [*BASELINES, "tiny"]
    assert files_in(tmp_path / "out") == OUTPUTS


def test_the_number_of_iterations_is_that_of_models_and_b_splines(evaluate, scans, model, tmp_path):
    evaluate(model, scans / "a.nii.gz", "--iterations", 2)
    truth = truth_of(itk.imread(str(scans / "a.nii.gz")))
    images = restored(truth, (2, 2, 2), model, iterations=2)
    for row in rows_of(tmp_path / "out"):
        expected = compare(pixels(truth), pixels(images[row["method"]]), BORDER).psnr
        assert float(row["psnr"]) == pytest.approx(expected, abs=1e-5)


def test_automatic_iterations_of_models_end_at_the_noise(evaluate, scans, model, tmp_path):
    noisy = "noise=0.05:rician"
    result = evaluate(model, scans / "a.nii.gz", "--iterations", "auto", "--noise", "0,5", "--scales", 2)
    assert result.exit_code == 0, result.stderr
    truth = truth_of(itk.imread(str(scans / "a.nii.gz")))
    rows = [row for row in rows_of(tmp_path / "out") if row["method"] == "tiny + BP"]
    for row, acquisition in zip(rows, ["noise=0", noisy], strict=True):
        own = restored(truth, (2, 2, 2), model, acquisition=acquisition)["tiny"]
        low = simulate_low_resolution(truth, (2, 2, 2), itk.ArSSRAcquisition.FromText(acquisition))
        expected = itk.slice_profile_data_consistency_image_filter(
            own, low, acquisition=acquisition, stop_at_noise=True
        )
        quality = compare(pixels(truth), pixels(expected), BORDER).psnr
        assert float(row["psnr"]) == pytest.approx(quality, abs=1e-5)
    report = (tmp_path / "out" / "results.md").read_text("utf-8")
    assert "those of models end when the result agrees to within the noise" in report


def test_a_part_of_the_images_keeps_the_whole_images_intensities(evaluate, model, write, tmp_path):
    image = make_image(size=(30, 26, 28))
    itk.array_view_from_image(image)[20:, :, :] *= 3  # bright, outside the part
    evaluate(model, write("c.mha", image), "--crop", ":20,3:25,0:18")
    truth = truth_of(image)
    part = itk.image_from_array(pixels(truth)[0:18, 3:25, 0:20].copy())
    low = simulate_low_resolution(part, (2, 2, 2))
    expected = compare(pixels(part), pixels(resample(low, grid_of(part), "linear")), BORDER)
    linear = rows_of(tmp_path / "out")[0]
    assert float(linear["psnr"]) == pytest.approx(expected.psnr, abs=1e-5)
    assert float(linear["ssim"]) == pytest.approx(expected.ssim, abs=1e-6)
    assert "part of each image (x, y, z): :20,3:25,0:18" in (tmp_path / "out" / "results.md").read_text("utf-8")


def test_intensities_can_be_left_to_the_network(evaluate, scans, model, tmp_path):
    psnr = []
    for options in ([], ["--no-intensity-scaling"]):
        evaluate(model, scans / "a.nii.gz", "--overwrite", *options)
        psnr.append({row["method"]: row["psnr"] for row in rows_of(tmp_path / "out")})
    assert psnr[0]["B-spline + BP"] == psnr[1]["B-spline + BP"]
    assert psnr[0]["tiny"] != psnr[1]["tiny"]


def test_models_are_measured_with_several_passes(evaluate, scans, model, tmp_path):
    psnr = []
    for options in ([], ["--quality", "4"]):
        evaluate(model, scans / "a.nii.gz", "--overwrite", *options)
        psnr.append({row["method"]: row["psnr"] for row in rows_of(tmp_path / "out")})
    assert psnr[0]["B-spline + BP"] == psnr[1]["B-spline + BP"]
    assert psnr[0]["tiny"] != psnr[1]["tiny"]
    assert "mean of 4 passes over mirrored copies" in (tmp_path / "out" / "results.md").read_text(encoding="utf-8")


# --- models


def test_models_are_told_apart_by_their_names(evaluate, scans, model, tmp_path):
    (tmp_path / "other").mkdir()
    twin = write_model(tmp_path / "other" / "tiny.safetensors", 14)
    namesake = write_model(tmp_path / "linear.safetensors", 14)
    result = evaluate(model, twin, namesake, scans / "a.nii.gz", "--iterations", 0)
    assert result.exit_code == 0, result.stderr
    rows = {row["method"]: row["psnr"] for row in rows_of(tmp_path / "out")}
    assert list(rows) == [*BASELINES, "tiny (1)", "tiny (2)", "linear (2)"]
    assert rows["tiny (1)"] != rows["tiny (2)"] == rows["linear (2)"]


@pytest.mark.parametrize("arguments", [[], ["default"]], ids=["unnamed", "named"])
def test_the_bundled_model_is_there(arguments, evaluate, scans, tmp_path):
    result = evaluate(*arguments, scans / "a.nii.gz", "--iterations", 0)
    assert result.exit_code == 0, result.stderr
    assert [row["method"] for row in rows_of(tmp_path / "out")] == [*BASELINES, "default"]


# --- what is left on disk


def test_nothing_but_the_results_is_left(evaluate, scans, model, tmp_path):
    result = evaluate(model, scans)
    assert files_in(tmp_path / "out") == OUTPUTS
    assert all((tmp_path / "out" / name).read_bytes().startswith(b"\x89PNG") for name in OUTPUTS if ".png" in name)
    assert all(name in result.stdout for name in OUTPUTS)


def test_results_are_replaced_only_on_request(evaluate, scans, model, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "results.csv").write_text("precious")
    result = evaluate(model, scans)
    assert result.exit_code == 1
    assert "--overwrite" in result.stderr
    assert (tmp_path / "out" / "results.csv").read_text() == "precious"
    assert evaluate(model, scans, "--overwrite").exit_code == 0
    assert len(rows_of(tmp_path / "out")) == 10


def test_ctrl_c_ends_cleanly(interrupt, write, slow_model, tmp_path):
    write("in/a.nii.gz", make_image(size=(90, 90, 90)))
    command = ["evaluate", slow_model, tmp_path / "in", "--out", tmp_path / "out"]
    result = interrupt(*command, when=lambda line: "a.nii.gz" in line, after=1)
    assert "Interrupted" in result.stderr
    assert files_in(tmp_path / "out") == []


# --- mistakes


def test_an_image_that_fails_does_not_stop_the_others(evaluate, scans, model, write, tmp_path):
    (scans / "broken.nii.gz").write_bytes(b"not an image")
    write("hr/flat.tif", make_image(size=(20, 20, 1), pixel_type=itk.UC))
    write("hr/small.mha", make_image(size=(20, 20, 14)))
    write("hr/thin.mha", make_image(size=(20, 20, 15)))
    bad = make_image(size=(20, 20, 20))
    itk.array_view_from_image(bad)[1, 1, 1] = np.nan
    write("hr/nan.mha", bad)
    constant = make_image(size=(20, 20, 20))
    itk.array_view_from_image(constant)[...] = 7
    write("hr/constant.mha", constant)
    result = evaluate(model, scans, scales="2,5")
    assert result.exit_code == 1
    for message in (
        r"failed: broken.nii.gz: \S+ is not an image that ITK can read",
        r"failed: flat.tif: \S+ is a single slice",
        r"failed: small.mha: 20×20×14 voxels are too few: SSIM needs 11 along each axis, and 2 are left out",
        r"failed: thin.mha ×5: 20×20×15 voxels are too few for ×5: 4×4×3 would remain, but 4 are needed",
        r"failed: nan.mha: \S+ has 1 NaN of 8000 voxels, the first at index \[1, 1, 1\]",
        r"failed: constant.mha: \S+ is constant",
    ):
        assert re.search(message, result.stderr), message
    assert "6 failed; evaluated: 5" in result.stderr
    rows = rows_of(tmp_path / "out")
    assert {(row["image"], row["scale"]) for row in rows} == {
        *(("a.nii.gz", scale) for scale in ("2", "5")),
        *(("b.mha", scale) for scale in ("2", "5")),
        ("thin.mha", "2"),
    }
    report = (tmp_path / "out" / "results.md").read_text(encoding="utf-8")
    assert "## ×2, mean of 3 images" in report
    assert "- flat.tif: " in report.split("## Failed")[1]


def test_nothing_is_written_if_every_image_fails(evaluate, model, write, tmp_path):
    write("hr/small.mha", make_image(size=(10, 10, 10)))
    result = evaluate(model, tmp_path / "hr")
    assert result.exit_code == 1
    assert "1 failed; evaluated: 0" in result.stderr
    assert files_in(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["{model}", "{tmp}/none"], 1, "none does not exist"),
        (["{model}", "{tmp}/empty"], 1, "holds neither an image file nor a DICOM series"),
        (["{tmp}/none.pkl", "{scans}"], 1, "none.pkl does not exist"),
        (["{tmp}/text.pkl", "{scans}"], 1, "text.pkl"),
        (["{scans}", "{scans}"], 1, "is not a model file"),
        (["{model}", "{scans}", "--crop", "0:40,0:40,0:40"], 1, "crop 0:40 along x is not within 0:20"),
        (["{model}", "{scans}", "--crop", "0:4"], 2, "not first:end for each of x, y and z"),
        (["{model}", "{scans}", "--scales", "0.5"], 2, "makes no voxel larger"),
        (["{model}", "{scans}", "--scales", "1x1x1"], 2, "makes no voxel larger"),
        (["{model}", "{scans}", "--scales", "2,3x3"], 2, "'3x3' is not a scale such as 2.5 or 1x1x4"),
        (["{model}", "{scans}", "--scales", "two"], 2, "'two' is not a scale"),
        (["{model}", "{scans}", "--scales", "2,2.0"], 2, "the scale '2.0' is given twice"),
        (["{model}", "{scans}", "--degradation", "blur"], 2, "'blur' is not one of"),
        (["{model}", "{scans}", "--profiles", "bax"], 2, "bax"),
        (["{model}", "{scans}", "--noise", "120"], 2, "'120' is not a percentage"),
        (["{model}", "{scans}", "--gaps", "25"], 2, "--gaps need thick slices"),
        (["{model}", "{scans}", "--noise", "2", "--degradation", "cubic"], 2, "no meaning with --degradation cubic"),
        (["{model}", "{scans}", "--iterations", "-1"], 2, "'-1' is not a number of back-projections"),
        (["{model}", "{scans}", "--border", "-1"], 2, "'--border': Input should be greater"),
        (["{model}", "{scans}", "--device", "tpu"], 2, "'tpu' is not a device"),
        (["{model}", "{scans}", "--out", "{tmp}/text.pkl"], 1, "text.pkl"),
        ([], 2, "Missing argument"),
    ],
)
def test_mistakes_are_explained(arguments, status, message, arssr, scans, model, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.pkl").write_text("no model")
    filled = [text.format(model=model, scans=scans, tmp=tmp_path) for text in arguments]
    if "--out" not in filled:
        filled += ["--out", str(tmp_path / "out")]
    result = arssr("evaluate", *filled)
    assert result.exit_code == status, result.stderr
    assert message in " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.stderr).split())
    assert "Traceback" not in result.stderr
    assert files_in(tmp_path / "out") == []


@pytest.mark.parametrize("package", ["matplotlib", "scipy"])
def test_the_evaluation_does_not_begin_without_its_packages(evaluate, scans, model, tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    result = evaluate(model, scans)
    assert result.exit_code == 1
    assert "pip install 'itk-arssr[evaluate]'" in result.stderr
    assert files_in(tmp_path / "out") == []


def test_help_has_examples(arssr):
    said = arssr("evaluate", "--help").stdout
    assert "arssr evaluate mine.safetensors default scans/ --scales 2,2.5,3,4" in said
