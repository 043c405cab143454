"""The progress of a training, as a trainer reports it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Self

import itk


@dataclass(frozen=True)
class Status:
    """Values of the trainer's getters of the same names; see ``itk::ArSSRTrainingStatus`` for the units."""

    Epoch: int
    Step: int
    NumberOfEpochs: int
    NumberOfSteps: int
    Loss: float
    EpochLoss: float
    ValidationLoss: float
    ValidationPSNR: float
    BestValidationPSNR: float
    BestEpoch: int
    LearningRate: float
    GradientNorm: float
    SamplesPerSecond: float
    WaitingShare: float
    SecondsLeft: float
    Revivals: int
    EpochEnded: bool

    @classmethod
    def of(cls, trainer: itk.ProcessObject) -> Self:
        """The current status."""
        return cls(*(getattr(trainer, f"Get{field.name}")() for field in fields(cls)))

    @property
    def validated(self) -> bool:
        """Whether there is a validation figure yet."""
        return not math.isnan(self.ValidationPSNR)
