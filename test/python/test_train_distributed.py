"""``arssr train`` in several processes, over gloo: the same model as in one process, and no waiting for dead ones."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack

import pytest
from training_helpers import largest_difference, log_rows, write_images, write_recipe

TOLERANCE = 1e-6
ENDS_WITHIN = 300  # seconds, far more than the waits that are set, as machines may be busy


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images, a recipe, and the model that one process makes from them."""
    folder = tmp_path_factory.mktemp("distributed")
    write_images(folder / "data")
    write_images(folder / "val", count=1, first_seed=7)
    write_recipe(folder)
    finish(start(folder, 1, *arguments("one")))
    return folder


def arguments(name: str) -> list[str]:
    return ["data", "--val", "val", "--config", "tiny.yaml", "--run-dir", name, "--out", f"{name}.safetensors"]


def start(folder, size: int, *train: str, of_rank: dict[int, Sequence[str]] | None = None) -> list[subprocess.Popen]:
    """The processes of a training, as ``torchrun`` would start them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(size), "OMP_NUM_THREADS": "1"}
    return [
        subprocess.Popen(
            [sys.executable, "-m", "itk_arssr", "train", *((of_rank or {}).get(rank, train)), "--device", "cpu"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=folder,
            env=os.environ | common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(size)
    ]


def outcomes(processes: Sequence[subprocess.Popen]) -> list[tuple[int, str, str]]:
    """Exit status, output and errors of each."""
    with ExitStack() as stack:
        for process in processes:
            stack.callback(process.kill)
        said = [process.communicate(timeout=ENDS_WITHIN) for process in processes]
        return [(process.returncode, *texts) for process, texts in zip(processes, said, strict=True)]


def finish(processes: Sequence[subprocess.Popen]) -> list[str]:
    """Outputs of processes that must succeed."""
    results = outcomes(processes)
    assert [status for status, _, _ in results] == [0] * len(processes), results
    return [output for _, output, _ in results]


def read_until(process: subprocess.Popen, beginning: str) -> None:
    while not process.stdout.readline().startswith(beginning):
        assert process.poll() is None, process.stderr.read()


@pytest.mark.parametrize("size", [2, 4])
def test_several_processes_make_the_model_of_one(size, folder):
    outputs = finish(start(folder, size, *arguments(f"of{size}")))
    assert largest_difference(folder / "one.safetensors", folder / f"of{size}.safetensors") < TOLERANCE
    assert "Model: " in outputs[0]
    assert outputs[1:] == [""] * (size - 1)
    rows, expected = log_rows(folder / f"of{size}"), log_rows(folder / "one")
    for column in ("loss", "validation_psnr"):
        assert [float(row[column]) for row in rows] == pytest.approx([float(row[column]) for row in expected], rel=1e-4)


@pytest.mark.parametrize(
    ("rank", "number"),
    [(1, signal.SIGKILL), (1, signal.SIGSTOP), (0, signal.SIGKILL)],
    ids=["killed", "hanging", "leader killed"],
)
def test_a_process_that_is_gone_ends_the_others(rank, number, folder):
    name = f"gone{rank}{int(number)}"
    slow = ["--timeout", "0.2", "--set", "epochs=100000", "--set", "checkpoint_every=1", "--no-tensorboard"]
    processes = start(folder, 2, *arguments(name), *slow)
    read_until(processes[0], "      1 ")
    processes[rank].send_signal(number)
    other = processes[1 - rank]
    try:
        output, errors = other.communicate(timeout=ENDS_WITHIN)
    finally:
        for process in processes:
            process.kill()
        processes[rank].communicate()
    assert other.returncode == 1, output + errors
    assert f"rank {rank} of 2 stopped answering" in errors
    assert f"to go on: torchrun … -m itk_arssr train --resume {name}" in errors
    assert "Traceback" not in errors
    assert not (folder / f"{name}.safetensors").exists()


def test_a_stopped_training_is_resumed_by_another_number_of_processes(folder):
    more = ["--set", "epochs=30", "--set", "steps_per_epoch=8"]
    processes = start(folder, 2, *arguments("stopped"), *more)
    read_until(processes[0], "      2 ")
    processes[1].send_signal(signal.SIGTERM)  # one is told, all stop
    results = outcomes(processes)
    assert [status for status, _, _ in results] == [130, 130], results
    assert "To go on: torchrun … -m itk_arssr train --resume stopped" in results[0][1]
    done = len(log_rows(folder / "stopped"))
    assert 2 <= done < 30
    finish(start(folder, 1, "--resume", "stopped"))
    assert [row["epoch"] for row in log_rows(folder / "stopped")] == [str(epoch) for epoch in range(1, 31)]
    finish(start(folder, 1, *arguments("straight"), *more))
    stopped, straight = (folder / f"{name}.safetensors" for name in ("stopped", "straight"))
    assert largest_difference(stopped, straight) < TOLERANCE


def test_a_mistake_in_one_process_is_reported_by_the_first(folder):
    results = outcomes(start(folder, 2, *arguments("mistake"), of_rank={1: ["nowhere", "--epochs", "2"]}))
    assert [status for status, _, _ in results] == [1, 1]
    assert "rank 1 of 2: nowhere does not exist" in results[0][2]
    assert results[1][2] == ""


def test_a_mistake_in_all_processes_is_reported_once(folder):
    results = outcomes(start(folder, 2, *arguments("batch"), "--batch", "3"))
    assert [status for status, _, _ in results] == [1, 1]
    assert "batch is 3; a multiple of the number of processes, 2, is expected" in results[0][2]
    assert results[1][2] == ""
    assert not (folder / "batch").exists()


def test_torchrun_starts_it(folder):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    result = subprocess.run(
        [*command, "-m", "itk_arssr", "train", *arguments("torchrun"), "--device", "cpu"],
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("Model: torchrun.safetensors") == 1
    assert largest_difference(folder / "one.safetensors", folder / "torchrun.safetensors") < TOLERANCE
