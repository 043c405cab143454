"""What ``arssr train`` shows while it works."""

import io
import math
from dataclasses import replace

from itk_arssr.training.display import Display, duration
from itk_arssr.training.status import Status
from rich.console import Console

START = Status(
    Epoch=0,
    Step=1,
    NumberOfEpochs=20,
    NumberOfSteps=200,
    Loss=0.03125,
    EpochLoss=math.nan,
    ValidationLoss=math.nan,
    ValidationPSNR=math.nan,
    BestValidationPSNR=math.nan,
    BestEpoch=0,
    LearningRate=1e-3,
    GradientNorm=1.0,
    SamplesPerSecond=12.3,
    WaitingShare=0.02,
    SecondsLeft=3723,
    Revivals=0,
    EpochEnded=False,
)
DONE = replace(
    START, Epoch=1, Step=10, EpochLoss=0.025, ValidationLoss=0.0125, ValidationPSNR=31.257, BestValidationPSNR=31.257
)


def shown(statuses, terminal: bool, width: int = 120) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=width, color_system=None)
    with Display(console) as display:
        for status in statuses:
            (display.epoch if status.EpochEnded else display.step)(status)
    return console.file.getvalue()


def test_a_bar_shows_the_progress():
    said = shown([replace(DONE, EpochEnded=False)], terminal=True)
    for text in (
        "epoch 2/20",
        "step 10/200",
        "loss 0.0312",
        "31.26 dB",
        "lr 1.0e-03",
        "12.3 samples/s",
        "1:02:03 left",
    ):
        assert text in said


def test_a_narrow_terminal_shows_all_but_the_steps():
    status = replace(DONE, Epoch=2499, NumberOfEpochs=2500, Step=99_990, NumberOfSteps=100_000, EpochEnded=False)
    said = shown([status], terminal=True, width=80)
    for text in ("epoch 2500/2500", "loss 0.0312", "31.26 dB", "lr 1.0e-03", "12.3/s", "1:02:03 left"):
        assert text in said
    assert "…" not in said


def test_elsewhere_an_epoch_is_a_plain_line():
    said = shown([START, replace(DONE, EpochEnded=True, BestEpoch=1)], terminal=False)
    assert said.splitlines() == [
        "  epoch      loss  val. loss  PSNR dB     best  learn. rate  samples/s  waiting",
        "      1   0.02500    0.01250    31.26    31.26    1.000e-03       12.3     2.0% *",
    ]


def test_unknown_values_are_dashes():
    said = shown([replace(START, Epoch=1, EpochLoss=0.5, EpochEnded=True)], terminal=False)
    assert said.splitlines()[1].split() == ["1", "0.50000", "–", "–", "–", "1.000e-03", "12.3", "2.0%"]


def test_long_trainings_show_some_of_their_epochs():
    every = [replace(DONE, Epoch=epoch, NumberOfEpochs=2501, EpochEnded=True) for epoch in range(1, 2502)]
    epochs = [int(line.split()[0]) for line in shown(every, terminal=False).splitlines()[1:]]
    assert epochs[0] == 1
    assert epochs[-1] == 2501
    assert 90 <= len(epochs) <= 102


def test_durations():
    assert [duration(seconds) for seconds in (0, 59.6, 3600 * 30 + 61, math.inf)] == [
        "0:00:00",
        "0:01:00",
        "30:01:01",
        "-:--:--",
    ]
