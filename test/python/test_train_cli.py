"""``arssr train``: settings and their layers, the run folder, resuming, Ctrl-C, and the mistakes it explains."""

import io
import os
import re
import signal
import subprocess
import sys

import itk
import numpy as np
import pytest
from conftest import make_image, pixels
from dicom import write_series
from itk_arssr.common.errors import UserError
from itk_arssr.images.sources import Source
from itk_arssr.training.csv_log import COLUMNS, TrainLog
from itk_arssr.training.images import find_all, names_of, open_images
from test_cli import files_in, words
from training_helpers import SIZE, log_rows, only_run, recorded, weights, write_images, write_recipe


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Runs go to ``runs`` in the test's own folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def data(tmp_path):
    return write_images(tmp_path / "data")


@pytest.fixture
def val(tmp_path):
    return write_images(tmp_path / "val", count=1, first_seed=7)


@pytest.fixture
def train(arssr, tmp_path):
    """Train with the tiny recipe and some values changed; each keyword is a value of the recipe."""

    def run(*arguments, **values):
        return arssr("train", *arguments, "--config", write_recipe(tmp_path, **values))

    return run


@pytest.fixture
def write_labels(tmp_path):
    """Write an image of a function of the voxel indices; returns its file."""

    def write(name, label):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        itk.imwrite(itk.image_from_array(np.fromfunction(label, SIZE).astype(np.float32)), str(file))
        return file

    return write


def events(run):
    """A run's files as TensorBoard itself reads them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0, "images": 0})
    read.Reload()
    return read


# --- what a training leaves


def test_a_training_leaves_a_model_and_a_run_folder(train, arssr, data, val, tmp_path):
    result = train(data, "--val", val, "--out", "model.safetensors")
    assert result.exit_code == 0, result.stdout + result.stderr
    run = only_run(tmp_path / "runs")
    assert re.fullmatch(r"\d{8}-\d{6}-Residual", run.name)
    assert files_in(run) == ["checkpoints", "log.csv", "recipe.yaml", "tensorboard"]
    assert len(files_in(run / "checkpoints")) == 2
    assert "Model: model.safetensors (epoch " in result.stdout
    assert re.search(r"^ +2 +0\.\d+ +0\.\d+ +-?\d+\.\d\d", result.stdout, re.MULTILINE)
    upscaled = arssr("upscale", data / "phantom0.nii.gz", "out.mha", "--scale", 2, "--model", "model.safetensors")
    assert upscaled.exit_code == 0, upscaled.stderr


def test_the_log_has_a_row_per_epoch(train, data, val, tmp_path):
    train(data, "--val", val, epochs=3)
    rows = log_rows(only_run(tmp_path / "runs"))
    assert [(row["epoch"], row["step"]) for row in rows] == [("1", "4"), ("2", "8"), ("3", "12")]
    psnr = [float(row["validation_psnr"]) for row in rows]
    assert [float(row["best_psnr"]) for row in rows] == list(np.maximum.accumulate(psnr))
    assert all(float(row["loss"]) > 0 and float(row["validation_loss"]) > 0 for row in rows)
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)


def test_recipe_yaml_holds_every_value_and_repeats_the_run(train, arssr, data, val, tmp_path):
    train(data, "--val", val, "--out", "first.safetensors", "--seed", 5)
    run = only_run(tmp_path / "runs")
    record = recorded(run)
    trainer = itk.ArbitraryScaleSuperResolutionTrainingFilter[itk.Image[itk.F, 3]].New()
    assert set(trainer.GetRecipeNames()) <= set(record)
    assert (record["seed"], record["channels"], record["flip"], record["scale_max"]) == ("5", "4", "on", "2")
    assert record["data"] == str(data)
    assert len(record["record"]["training_images"]) == 2
    assert "26×24×22 voxels of 1×1×1 mm" in record["record"]["training_images"][0]
    assert set(record["record"]["versions"]) == {"itk-arssr", "itk", "torch"}
    again = arssr("train", "--config", run / "recipe.yaml", "--out", "second.safetensors", "--run", "again")
    assert again.exit_code == 0, again.stderr
    assert (tmp_path / "first.safetensors").read_bytes() == (tmp_path / "second.safetensors").read_bytes()


def test_tensorboard_shows_what_the_log_holds(train, data, val, tmp_path):
    train(data, "--val", val)
    run = only_run(tmp_path / "runs")
    read, rows = events(run), log_rows(run)
    assert sorted(read.Tags()["scalars"]) == [
        "learning_rate",
        "loss/epoch",
        "loss/step",
        "speed/samples_per_second",
        "speed/waiting_share",
        "validation/PSNR",
        "validation/loss",
    ]
    assert [event.step for event in read.Scalars("loss/step")] == list(range(1, 9))
    for tag, column in (("validation/PSNR", "validation_psnr"), ("loss/epoch", "loss")):
        assert [event.step for event in read.Scalars(tag)] == [4, 8]
        np.testing.assert_allclose(
            [event.value for event in read.Scalars(tag)], [float(row[column]) for row in rows], rtol=1e-5
        )


def test_tensorboard_shows_example_slices(train, data, val, tmp_path):
    from PIL import Image

    train(data, "--val", val, "--slices-every", 2, epochs=4, validation_scales="2,1x2x2")
    (tag,) = events(only_run(tmp_path / "runs")).Tags()["images"]
    assert tag == "slices/LR, B-spline, model, truth"
    shown = events(only_run(tmp_path / "runs")).Images(tag)
    assert [event.step for event in shown] == [4, 8, 16]
    picture = np.asarray(Image.open(io.BytesIO(shown[-1].encoded_image_string)))[..., 0].astype(float)
    width = (picture.shape[1] - 3 * 4) // 4
    low, spline, model, truth = (picture[:, start : start + width] for start in range(0, 4 * (width + 4), width + 4))
    true = pixels(itk.imread(str(val / "phantom0.nii.gz")))[SIZE[2] // 2]  # the slice across z, [y, x]
    enlarged = np.kron(true, np.ones((truth.shape[0] // SIZE[1], truth.shape[1] // SIZE[0])))
    assert np.corrcoef(truth.ravel(), enlarged.ravel())[0, 1] > 0.99  # the brightest are clipped
    errors = [np.abs(panel - truth).mean() for panel in (low, spline)]
    assert 0 < errors[1] < errors[0]
    assert np.ptp(model) > 0


def test_without_validation_there_are_no_slices_and_the_last_weights_are_kept(train, data, tmp_path):
    result = train(data)
    run = only_run(tmp_path / "runs")
    assert result.exit_code == 0, result.stderr
    assert "note: no validation images" in result.stdout
    assert f"{run.relative_to(tmp_path)}/model.safetensors (the last weights)" in result.stdout
    assert events(run).Tags()["images"] == []
    assert [row["validation_psnr"] for row in log_rows(run)] == ["", ""]


def test_everything_else_is_written_without_tensorboard(train, data, val, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    result = train(data, "--val", val)
    assert result.exit_code == 0, result.stderr
    assert "pip install tensorboard" in result.stdout
    assert files_in(only_run(tmp_path / "runs")) == ["checkpoints", "log.csv", "model.safetensors", "recipe.yaml"]


# --- images


def test_images_of_any_format_and_grid_are_taken(train, write, val, tmp_path):
    write("data/a.nrrd", make_image(SIZE, pixel_type=itk.UC, spacing=(0.5, 1, 2)))
    write("data/b.mha", make_image(SIZE, pixel_type=itk.D, seed=2))
    write_series(make_image(SIZE, pixel_type=itk.SS, seed=3), tmp_path / "data" / "patient")
    result = train(tmp_path / "data", "--val", val)
    assert result.exit_code == 0, result.stderr
    images = recorded(only_run(tmp_path / "runs"))["record"]["training_images"]
    assert [re.search(r"(\w+)(\.\w+)?: ", line)[1] for line in images] == ["a", "b", "patient"]


def test_a_split_takes_images_apart_by_the_seed(train, tmp_path):
    data = write_images(tmp_path / "data", count=5)
    chosen = []
    for number, seed in enumerate((1, 1, 2, 3, 4)):
        result = train(data, "--validation-split", 0.4, "--run", f"run{number}", "--seed", seed, epochs=1)
        assert result.exit_code == 0, result.stderr
        record = recorded(tmp_path / f"run{number}")["record"]
        assert (len(record["training_images"]), len(record["validation_images"])) == (3, 2)
        assert not set(record["training_images"]) & set(record["validation_images"])
        chosen.append(tuple(record["validation_images"]))
    assert chosen[0] == chosen[1]
    assert len(set(chosen)) > 1


def test_an_image_is_used_once_however_often_it_is_named(train, data, val, tmp_path):
    train(data, data / "phantom0.nii.gz", "--val", val)
    assert len(recorded(only_run(tmp_path / "runs"))["record"]["training_images"]) == 2


def test_images_of_one_name_are_told_apart_by_their_folders(tmp_path):
    paths = ("a/x/t1.nii", "b/x/t1.nii", "b/y/t1.nii", "b/y/t2.nii")
    names = names_of([Source(tmp_path / path) for path in paths])
    assert names == ["a/x/t1.nii", "b/x/t1.nii", "y/t1.nii", "t2.nii"]


def test_images_are_read_from_any_working_directory(data, tmp_path, monkeypatch):
    """Because itk changes it for a moment when it loads a module, while other threads read."""
    sources = find_all([data.relative_to(tmp_path)])
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    opened = open_images(sources, None)
    opened[0].volume.reader.Update()
    np.testing.assert_array_equal(pixels(opened[0].image), pixels(itk.imread(str(data / "phantom0.nii.gz"))))


def test_validating_on_a_training_image_is_noted(train, data):
    result = train(data, "--val", data / "phantom1.nii.gz")
    assert "note: 1 of 1 validation images are training images too" in result.stdout


def test_an_image_of_zeros_is_left_out(train, data, val, write):
    image = make_image(SIZE)
    image.FillBuffer(0)
    write("data/empty.mha", image)
    result = train(data, "--val", val)
    assert result.exit_code == 0, result.stderr
    assert re.search("note: .*empty.mha", result.stdout)


# --- settings


def test_options_override_the_file_and_the_file_overrides_the_recipe(arssr, tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text("recipe: published\nepochs: 7\nvalidation_scales: [2, 1x1x4]\nflip: true\nlearning_rate: 1e-3\n")
    said = words(arssr("train", "--list-values", "--config", config, "--epochs", 9, "--set", "batch=3").stdout)
    for value in ("epochs 9", "validation_scales 2,1x1x4", "flip on", "samples 8000", "batch 3", "learning_rate 0.001"):
        assert f" {value} " in said
    assert " epochs 100 " in words(arssr("train", "--list-values").stdout)


def test_paths_in_a_file_are_relative_to_it(arssr, data, val, tmp_path):
    (tmp_path / "sub").mkdir()
    config = write_recipe(tmp_path / "sub", data="../data", val="[../val]", out="sub.safetensors")
    result = arssr("train", "--config", config)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "sub" / "sub.safetensors").exists()


def test_label_maps_become_volumes_to_learn_from(train, arssr, write_labels, data, tmp_path):
    labels = write_labels("labels/tissues.nii.gz", lambda z, y, x: (z // 7 + y // 8 + x // 9) % 4)
    scans = {"synthetic_volumes": 2, "synthetic_size": 16}
    assert train("--labels", labels, "--run-dir", tmp_path / "alone", **scans).exit_code == 0
    run = train(data, "--labels", labels.parent, "--run-dir", tmp_path / "run", "--recipe", "scanners", **scans)
    assert run.exit_code == 0
    held = recorded(tmp_path / "run")
    assert held["labels"] == str(labels.parent)
    assert len(held["record"]["label_maps"]) == 1
    assert "tissues.nii.gz" in held["record"]["label_maps"][0]
    assert held["box_share"] != "0", "the recipe's name has no effect"
    shown = arssr("info", tmp_path / "run" / "model.safetensors")
    assert "2 synthetic volumes of tissues.nii.gz" in words(shown.stdout)
    assert arssr("train", "--resume", tmp_path / "run").exit_code == 0

    image = write_labels("image.nii.gz", lambda z, y, x: z + y / 3 + x)
    result = train(data, "--labels", image, "--run-dir", tmp_path / "wrong", synthetic_probability=1, **scans)
    assert result.exit_code == 1
    assert "The label map 'image.nii.gz' holds the label" in words(result.stderr)


def test_a_model_to_start_from_is_tuned(train, data, val, tmp_path):
    assert train(data, "--val", val, "--out", "a.safetensors").exit_code == 0
    values = {"learning_rate": 1e-9, "ema_decay": 0, "epochs": 1}
    result = train(data, "--val", val, "--init", "a.safetensors", "--out", "b.safetensors", **values)
    assert result.exit_code == 0, result.stderr
    before, after = weights(tmp_path / "a.safetensors"), weights(tmp_path / "b.safetensors")
    assert all(np.abs(before[name] - after[name]).max() < 1e-7 for name in before)
    assert any(np.abs(before[name] - after[name]).max() > 0 for name in before)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch: 3", "c.yaml, line 1: there is no value 'epoch'; did you mean epochs"),
        ("batch: 2\nxyzzy: 3", "line 2: there is no value 'xyzzy'; --list-values shows all"),
        ("epochs: many", "c.yaml, line 1: The training recipe's epochs is 'many'; expected an integer from 1"),
        ("epochs: [1, 2", "c.yaml is not valid YAML"),
        ("epochs: 1\nepochs: 2", "line 2: epochs is given twice"),
        ("epochs:", "epochs has no value"),
        ("epochs: {a: 1}", "epochs is neither a value nor a list of values"),
        ("out: [a, b]", "out takes one value, not 2"),
        ("- epochs", "c.yaml holds no list of values"),
        ("recipe: mine", "'mine'; expected one of default published"),
        ("scale_min: 5", "scale_min is 5, above its scale_max"),
        ("validation_split: half", "'half' is not a number"),
        ("validation_split: 2", "a validation split of 2 is not a share"),
        ("\0", "c.yaml is not valid YAML"),
    ],
)
def test_mistakes_in_a_file_are_explained(text, message, arssr, data, tmp_path):
    (tmp_path / "c.yaml").write_text(text)
    result = arssr("train", data, "--config", "c.yaml")
    assert result.exit_code == 1
    assert message in words(result.stderr)
    assert files_in(tmp_path / "runs") == []


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([], 1, "there are no training images: give files or directories"),
        (["none"], 1, "none does not exist"),
        (["{data}", "--config", "none.yaml"], 1, "none.yaml cannot be read"),
        (["{data}", "--set", "batch"], 1, "write --set name=value"),
        (["{data}", "--set", "sample=9"], 1, "--set sample=9: there is no value 'sample'; did you mean samples"),
        (["{data}", "--encoder", "UNet"], 1, "--encoder: The training recipe's encoder is 'UNet'"),
        (["{data}", "--epochs", "0"], 1, "--epochs: The training recipe's epochs is '0'"),
        (["{data}", "--recipe", "mine"], 1, "--recipe: "),
        (["{data}", "--val", "{data}", "--validation-split", "0.5"], 1, "has no meaning with validation images"),
        (["{data}/phantom0.nii.gz", "--validation-split", "0.5"], 1, "1 image cannot be split"),
        (["{data}", "--init", "none.safetensors"], 1, "none.safetensors does not exist"),
        (["{data}", "--device", "tpu"], 2, "'tpu' is not a device"),
        (["{data}", "--resume", "a", "--run", "b"], 2, "--run-dir has no meaning"),
        (["{data}", "--out", "data"], 1, "data is a directory"),
        (["{data}", "--out", "model.pkl"], 1, "must end with .safetensors"),
        (["{data}", "--out", "data/phantom0.nii.gz/m.safetensors"], 1, "phantom0.nii.gz is not a folder"),
        (["{data}", "--run", "data"], 1, "data is not empty; --resume data continues a run"),
        (["{data}", "--run", "data/phantom0.nii.gz/run"], 1, "is not a folder"),
    ],
)
def test_mistakes_on_the_command_line_are_explained(arguments, status, message, arssr, data, tmp_path):
    before = files_in(tmp_path)
    result = arssr("train", *(argument.format(data=data) for argument in arguments))
    assert result.exit_code == status
    assert message in words(result.stderr)
    assert files_in(tmp_path) == before


def test_images_that_cannot_be_used_are_named(train, write, data, tmp_path):
    write("data/flat.nii.gz", make_image((20, 20, 1)))
    whole = (data / "phantom0.nii.gz").read_bytes()
    (data / "short.nii.gz").write_bytes(whole[: len(whole) // 2])
    (data / "text.mha").write_text("no image")
    result = train(data)
    assert result.exit_code == 1
    said = words(result.stderr)
    assert "3 of 5 images cannot be used" in said
    for message in (
        "flat.nii.gz is a single slice",
        "short.nii.gz is damaged or incomplete",
        "text.mha is not an image",
    ):
        assert message in said
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("voxels", "message"),
    [
        (make_image((7, 8, 9)), "bad.mha.*7"),
        (make_image(SIZE, pixel_type=itk.UC), "nothing to train on"),
        (make_image(SIZE), "bad.mha.*nan"),
    ],
    ids=["smaller than a crop", "zeros only", "not a number"],
)
def test_images_that_cannot_be_learnt_from_leave_nothing_behind(voxels, message, train, write, tmp_path):
    if "nothing" in message:
        voxels.FillBuffer(0)
    elif "nan" in message:
        itk.array_view_from_image(voxels)[3, 4, 5] = np.nan
    path = write("one/bad.mha", voxels)
    result = train(path)
    assert result.exit_code == 1
    assert re.search(f"Error: .*{message}", words(result.stderr))
    assert not (tmp_path / "runs").exists() or files_in(tmp_path / "runs") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_refused(train, data, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    result = train(data, "--out", "locked/model.safetensors")
    assert "locked cannot be written to" in words(result.stderr)


def test_a_model_that_exists_is_replaced_only_on_request(train, data, tmp_path):
    (tmp_path / "model.safetensors").write_text("precious")
    result = train(data, "--out", "model.safetensors")
    assert result.exit_code == 1
    assert "--overwrite" in result.stderr
    assert (tmp_path / "model.safetensors").read_text() == "precious"
    assert train(data, "--out", "model.safetensors", "--overwrite", epochs=1).exit_code == 0
    assert weights(tmp_path / "model.safetensors")


# --- resuming


@pytest.fixture
def run(train, data, val, tmp_path):
    """A run that is complete."""
    assert train(data, "--val", val, "--out", "model.safetensors", "--run", "run").exit_code == 0
    return tmp_path / "run"


def test_an_interrupted_training_resumes_exactly(arssr, interrupt, data, val, tmp_path):
    config = write_recipe(tmp_path, epochs=30, steps_per_epoch=8, checkpoint_every=50)
    common = [data, "--val", val, "--config", config]
    command = ["train", *common, "--run", "stopped", "--out", "stopped.safetensors"]
    result = interrupt(*command, when=lambda line: line.startswith("      2 "))
    assert re.search(r"Stopped in epoch \d+ of 30. To go on: arssr train --resume stopped", result.stdout)
    best_so_far = weights(tmp_path / "stopped.safetensors")
    epochs_done = len(log_rows(tmp_path / "stopped"))
    assert 2 <= epochs_done < 30

    assert arssr("train", *common, "--run", "whole", "--out", "whole.safetensors").exit_code == 0
    resumed = arssr("train", "--resume", "stopped")
    assert resumed.exit_code == 0, resumed.stderr
    assert (tmp_path / "stopped.safetensors").read_bytes() == (tmp_path / "whole.safetensors").read_bytes()
    assert any((weights(tmp_path / "whole.safetensors")[name] != best_so_far[name]).any() for name in best_so_far)
    rows = [log_rows(tmp_path / name) for name in ("stopped", "whole")]
    exact = ("epoch", "step", "loss", "validation_psnr", "best_epoch", "learning_rate")
    assert [[row[name] for name in exact] for row in rows[0]] == [[row[name] for name in exact] for row in rows[1]]
    steps = [event.step for event in events(tmp_path / "stopped").Scalars("loss/step")]
    assert steps == list(range(1, 241))


def test_a_killed_training_goes_on_from_its_last_checkpoint(arssr, data, val, tmp_path):
    config = write_recipe(tmp_path, epochs=30, steps_per_epoch=8, checkpoint_every=2)
    common = [data, "--val", val, "--config", config]
    command = [sys.executable, "-m", "itk_arssr", "train", *common, "--run", "killed", "--out", "killed.safetensors"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as process:
        while not process.stdout.readline().startswith("      5 "):
            assert process.poll() is None, process.stderr.read()
        process.kill()
    assert not (tmp_path / "killed.safetensors").exists()
    assert arssr("train", "--resume", "killed").exit_code == 0
    assert [int(row["epoch"]) for row in log_rows(tmp_path / "killed")] == list(range(1, 31))
    assert [event.step for event in events(tmp_path / "killed").Scalars("loss/step")] == list(range(1, 241))
    assert arssr("train", *common, "--run", "whole", "--out", "whole.safetensors").exit_code == 0
    assert (tmp_path / "killed.safetensors").read_bytes() == (tmp_path / "whole.safetensors").read_bytes()


def test_a_complete_run_resumed_gives_its_model_again(arssr, run, tmp_path):
    model = (tmp_path / "model.safetensors").read_bytes()
    result = arssr("train", "--resume", run, "--out", "again.safetensors")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "again.safetensors").read_bytes() == model


def test_a_run_is_resumed_with_its_own_values(arssr, run, data, val):
    same = arssr("train", data, "--val", val, "--resume", run, "--epochs", 2, "--set", "flip=true")
    assert same.exit_code == 0, same.stderr
    other = arssr("train", val, "--resume", run, "--epochs", 5, "--lr", "1e-3")
    assert other.exit_code == 1
    said = words(other.stderr)
    assert f"data is {val} (DATA), but {data} in" in said
    assert "epochs is 5 (--epochs), but 2 in" in said
    assert "learning_rate" not in said


def damage(run):
    for file in (run / "checkpoints").iterdir():
        file.write_bytes(file.read_bytes()[:200])


def change_recipe(run):
    file = run / "recipe.yaml"
    file.write_text(file.read_text("utf-8").replace("\nsamples: 64\n", "\nsamples: 65\n"), "utf-8")


def add_image(run):
    itk.imwrite(make_image(SIZE, seed=5), str(run.parent / "data" / "new.nii.gz"))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda run: run.rename(run.parent / "elsewhere"), "run does not exist"),
        (lambda run: (run / "recipe.yaml").unlink(), "is not the folder of a run: it has no recipe.yaml"),
        (lambda run: [file.unlink() for file in (run / "checkpoints").iterdir()], "holds no checkpoint yet"),
        (damage, "cannot be resumed from"),
        (change_recipe, "The checkpoint was made with samples = 64, the training recipe has 65"),
        (add_image, "The checkpoint was made with other images"),
    ],
    ids=["missing", "not a run", "no checkpoint", "damaged", "other recipe", "other images"],
)
def test_a_run_that_cannot_be_resumed_is_explained(spoil, message, arssr, run, tmp_path):
    spoil(run)
    before = (tmp_path / "model.safetensors").read_bytes()
    result = arssr("train", "--resume", "run")
    assert result.exit_code == 1
    assert message in words(result.stderr)
    assert (tmp_path / "model.safetensors").read_bytes() == before


def test_a_log_keeps_the_rows_of_finished_epochs(tmp_path):
    header = ",".join([*COLUMNS, "seconds"])
    rows = [",".join([str(epoch), *["0"] * (len(COLUMNS) - 1), "1.5"]) for epoch in (1, 2, 3)]
    file = tmp_path / "log.csv"
    file.write_text("\n".join([header, *rows, "4,40"]))  # the last one was cut off by a kill
    TrainLog(file).begin(2)
    assert file.read_text() == "\n".join([header, *rows[:2], ""])


def test_another_log_is_not_replaced(tmp_path):
    (tmp_path / "log.csv").write_text("mine\n")
    with pytest.raises(UserError, match=r"log\.csv has other columns"):
        TrainLog(tmp_path / "log.csv").begin(2)
    assert (tmp_path / "log.csv").read_text() == "mine\n"


def test_one_damaged_checkpoint_of_several_is_passed_over(arssr, run, tmp_path):
    model = (tmp_path / "model.safetensors").read_bytes()
    last = run / "checkpoints" / files_in(run / "checkpoints")[-1]
    last.write_bytes(last.read_bytes()[:300])
    result = arssr("train", "--resume", run)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "model.safetensors").read_bytes() == model


# --- the program


def test_a_second_ctrl_c_quits_at_once(python):
    script = """
import os, signal, time
from itk_arssr.common.signals import stops_on_signals

def stop():
    print("stop", flush=True)
    os.kill(os.getpid(), signal.SIGINT)

with stops_on_signals(stop, lambda: os._exit(7)):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
"""
    result = python("-c", script)
    assert (result.returncode, result.stdout, result.stderr) == (7, "stop\n", "")


def test_signals_are_as_before_after_a_training(train, data):
    usual = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert train(data, epochs=1).exit_code == 0
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == usual
    end = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(end)
    assert end == -1


def test_an_error_while_training_ends_it_with_a_checkpoint(train, data, val, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(TrainLog, "add", fail)
    result = train(data, "--val", val, "--run", "run", epochs=5)
    assert result.exit_code == 1
    assert "No space left on device. The training was in epoch 2; to go on: arssr train --resume run" in words(
        result.stderr
    )
    assert files_in(tmp_path / "run" / "checkpoints")


def test_help_has_examples(arssr):
    result = arssr("train", "--help")
    assert result.exit_code == 0
    assert "torchrun" in words(result.stdout).split("Examples")[1]


def test_every_option_of_the_published_script_has_a_counterpart(arssr):
    said = words(arssr("train", "--help").stdout)
    for option in ("--encoder", "--val", "--lr", "--epochs", "--batch", "--device", "--set"):
        assert f" {option} " in said
    values = words(arssr("train", "--list-values", "--recipe", "published").stdout)
    published = {"depth": 8, "width": 256, "feature_dim": 128, "learning_rate": "0.0001", "halve_every": 200}
    published |= {"epochs": 2500, "batch": 15, "samples": 8000, "scale_min": 2, "scale_max": 4, "patch_size": 10}
    for name, value in published.items():
        assert f" {name} {value} " in values
