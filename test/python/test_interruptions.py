"""Signals, pipes that nobody reads, closed streams: no temporary file, no traceback, a meaningful status."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import itk
import pytest
from conftest import files_in, make_image
from itk_arssr.common.errors import Interrupted
from itk_arssr.common.signals import ENDING, handled, raise_interrupted

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs the signals and shells of a POSIX system")
PROGRAM = f"{sys.executable} -m itk_arssr"
INTERRUPTED, PIPE = 130, 141
needs_hangups = pytest.mark.skipif(
    os.name != "nt" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN,
    reason="SIGHUP is ignored here, as nohup has it, and the program leaves that so",
)


def shell(command: str, folder: Path, **options) -> subprocess.CompletedProcess:
    """Run a line of the shell in a folder; ``arssr`` in it is the program."""
    definition = f'arssr() {{ {PROGRAM} "$@"; }}\n'
    return subprocess.run(
        ["bash", "-c", definition + command],
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
        timeout=300,
        **options,
    )


def leftovers(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob(".*")]


@pytest.fixture
def scans(write, tmp_path) -> Path:
    for name in "abc":
        write(f"in/{name}.nii.gz", make_image(size=(20, 20, 20)))
    return tmp_path / "in"


# --- signals


@pytest.mark.parametrize("extension", ["nii.gz", "mha"])
@pytest.mark.parametrize(
    "number", [pytest.param(number, marks=needs_hangups if number.name == "SIGHUP" else ()) for number in ENDING]
)
def test_each_signal_that_ends_a_computation_leaves_nothing(number, extension, interrupt, write, slow_model, tmp_path):
    scan = write("in/a.nii.gz", make_image(size=(40, 40, 40)))
    target = tmp_path / "out" / f"o.{extension}"
    command = ["upscale", scan, target, "--scale", 8, "--model", slow_model]
    result = interrupt(*command, when=lambda line: "a.nii.gz" in line, after=1, signal_number=number)
    assert "Interrupted" in result.stderr
    assert files_in(tmp_path / "out") == []


def test_one_closed_terminal_may_send_several_signals(write, slow_model, tmp_path):
    scan = write("in/a.nii.gz", make_image(size=(40, 40, 40)))
    command = [sys.executable, "-m", "itk_arssr", "upscale", scan, tmp_path / "out" / "o.mha", "--scale", "8"]
    with subprocess.Popen(
        [*command, "--model", slow_model], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert "a.nii.gz" in process.stdout.readline()
        time.sleep(0.5)
        for _ in range(5):
            for number in (signal.SIGHUP, signal.SIGTERM):
                process.send_signal(number)
                time.sleep(0.01)
        _, errors = process.communicate(timeout=300)
    assert process.returncode == INTERRUPTED
    assert "Traceback" not in errors
    assert files_in(tmp_path / "out") == []


_DRAWS_SLOWLY = """
import sys, time
from matplotlib.figure import Figure
usual = Figure.savefig

def slowly(self, path, **options):
    usual(self, path, **options)
    print("drawing", flush=True)
    time.sleep(60)

Figure.savefig = slowly
sys.argv[0] = "arssr"
from itk_arssr.cli import main
main()
"""


@pytest.mark.parametrize("number", ENDING)
def test_work_other_than_computation_is_ended_too(number, write, tmp_path):
    """A picture that is being written when the signal comes."""
    truth = write("truth.mha", make_image(size=(14, 13, 12)))
    arguments = ["compare", truth, truth, "--picture", tmp_path / "out" / "p.png"]
    with subprocess.Popen(
        [sys.executable, "-c", _DRAWS_SLOWLY, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        while "drawing" not in process.stdout.readline():
            assert process.poll() is None, process.stderr.read()
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert "Interrupted" in errors and "Traceback" not in errors
    assert files_in(tmp_path / "out") == []


def test_a_program_that_was_started_to_ignore_hangups_does(scans, tmp_path):
    command = "trap '' HUP; arssr upscale in out --scale 2 & pid=$!; sleep 2; kill -HUP $pid; wait $pid"
    result = shell(command, tmp_path)
    assert result.returncode == 0, result.stderr
    assert len(files_in(tmp_path / "out")) == 3


def test_signals_are_as_before_afterwards():
    usual = [signal.getsignal(number) for number in ENDING]
    with handled(lambda *_: None), raise_interrupted():
        assert [signal.getsignal(number) for number in ENDING] != usual
    assert [signal.getsignal(number) for number in ENDING] == usual


@needs_hangups
def test_tidying_up_is_not_disturbed_by_the_next_signal():
    done = False
    with pytest.raises(Interrupted), raise_interrupted():
        try:
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
            done = True
    assert done


# --- pipes


@pytest.mark.parametrize("extension", ["", "/a.nii.gz"])
def test_output_that_nobody_reads_ends_the_program_quietly(extension, scans, slow_model, tmp_path):
    out = "out.nii.gz" if extension else "out"
    command = f"arssr upscale in{extension} {out} --scale 3 --model {slow_model} | head -n 1; exit ${{PIPESTATUS[0]}}"
    result = shell(command, tmp_path)
    assert result.returncode == PIPE, result.stdout + result.stderr
    assert "a.nii.gz" in result.stdout
    assert result.stderr == ""
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("command", ["info", "compare", "evaluate", "train --list-values", "--help", "upscale --help"])
def test_each_command_can_be_piped_into_head(command, write, tmp_path):
    write("t.mha", make_image(size=(24, 24, 24)))
    more = {"compare": "t.mha t.mha", "evaluate": "t.mha --scales 2 --border 2 --iterations 0"}.get(command, "")
    result = shell(f"arssr {command} {more} | true; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert result.returncode in (0, 1, PIPE)  # 0 where all was written before the reader was gone
    assert result.stderr == ""
    assert leftovers(tmp_path) == []


def test_a_training_that_nobody_reads_keeps_its_model(tmp_path):
    from training_helpers import write_images, write_recipe

    data = write_images(tmp_path / "data")
    config = write_recipe(tmp_path, epochs=200)
    command = f"arssr train {data} --config {config} --run-dir run --out m.safetensors | head -n 2"
    result = shell(f"{command}; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert result.returncode == PIPE, result.stdout + result.stderr
    assert result.stderr == ""
    model = itk.ArSSRModel.New()
    model.ReadFile(str(tmp_path / "m.safetensors"))
    assert files_in(tmp_path / "run" / "checkpoints")
    assert leftovers(tmp_path) == []


def test_errors_that_nobody_reads_are_no_traceback(tmp_path):
    result = shell("arssr upscale none.nii out.nii --scale 2 2>&1 >/dev/null | true; exit ${PIPESTATUS[0]}", tmp_path)
    assert result.returncode == 1
    assert result.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["info", "--version", "upscale a.mha out/o.mha --scale 2"])
def test_output_on_a_full_disk_is_an_error(command, write, tmp_path):
    write("a.mha")
    result = shell(f"arssr {command} > /dev/full", tmp_path)
    assert result.returncode == 1
    assert "No space left on device" in result.stderr
    assert "Traceback" not in result.stderr and "Exception" not in result.stderr
    assert leftovers(tmp_path) == []


# --- streams that were closed from the start


CLOSED = [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"]


@pytest.mark.parametrize("closed", CLOSED)
def test_upscale_works_with_closed_streams(closed, scans, tmp_path):
    result = shell(f"arssr upscale in out --scale 2 --consistency 1 --residual maps {closed}", tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert [len(files_in(tmp_path / name)) for name in ("out", "maps")] == [3, 3]
    for file in (tmp_path / "out").iterdir():
        assert tuple(itk.size(itk.imread(str(file)))) == (40, 40, 40)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    "command",
    [
        "info",
        "--version",
        "--help",
        "compare t.mha t.mha --picture p.png",
        "evaluate t.mha --scales 2 --border 2 --iterations 0",
        "train data --config tiny.yaml --out m.safetensors",
        "train --list-values",
    ],
)
def test_each_command_works_with_closed_streams(command, closed, write, tmp_path):
    from training_helpers import write_images, write_recipe

    write("t.mha", make_image(size=(24, 24, 24)))
    if "data" in command:
        write_images(tmp_path / "data")
        write_recipe(tmp_path, epochs=1)
    result = shell(f"arssr {command} {closed}", tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""


@pytest.mark.parametrize("closed", CLOSED)
def test_a_mistake_has_its_status_with_closed_streams(closed, tmp_path):
    assert shell(f"arssr upscale none.nii out.nii --scale 2 {closed}", tmp_path).returncode == 1
    assert shell(f"arssr upscale none.nii {closed}", tmp_path).returncode == 2
