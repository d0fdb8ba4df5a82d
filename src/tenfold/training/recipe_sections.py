"""The sections of a recipe: what may be chosen in each, and what it is when nothing is said."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

NetworkName = Literal["tutorial", "convnet", "residual", "mlp", "linear"]
LossName = Literal["cross-entropy", "log-cosh", "mean-squared-error", "kl-divergence", "focal"]
OptimizerName = Literal["rmsprop", "sgd", "adam", "adamw", "muon"]
ScheduleName = Literal["constant", "one-cycle", "cosine"]
Precision = Literal["float32", "bfloat16"]

LOSSES: tuple[str, ...] = get_args(LossName)
OPTIMIZERS: tuple[str, ...] = get_args(OptimizerName)

Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1, le=10**9)]
Width = Annotated[int, Field(ge=1, le=65_536)]


class Section(BaseModel):
    """A table of a recipe: complete, unchangeable, and without a key that nobody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Network(Section):
    """Which network, and how wide."""

    name: NetworkName = "convnet"
    # convnet, residual: one stage an entry, halving the picture between stages
    channels: Annotated[tuple[Width, ...], Field(min_length=1, max_length=6)] = (32, 64)
    depth: Annotated[int, Field(ge=1, le=100)] = (
        2  # convnet: convolutions a stage; residual: blocks a stage; mlp: hidden layers
    )
    # convnet: the first convolution's size, and how far it moves; above 3 it drops the border
    kernel: Literal[3, 5, 7] = 3
    stride: Literal[1, 2] = 1
    pool_first: bool = False  # convnet: halve before normalising, not after: less work
    last_map: Annotated[int, Field(ge=3)] = 13  # convnet: a larger last map is halved once more
    separable: bool = False  # convnet: each channel by itself, then mixed: fewer weights
    hidden: Width = 128  # mlp: units of a hidden layer
    dropout: Fraction = 0.0  # before the last layer (the tutorial's network has its own two)


class Loss(Section):
    """What is minimised."""

    name: LossName = "cross-entropy"
    label_smoothing: Fraction = 0.0  # the share of the target spread over all classes
    gamma: NotNegative = 2.0  # focal: how much easy pictures are played down


class Optimizer(Section):
    """How the weights move."""

    name: OptimizerName = "adamw"
    learning_rate: Positive = 0.001
    momentum: Fraction = 0.9  # sgd (Nesterov's), muon
    rho: Fraction = 0.9  # rmsprop: how long squared gradients are remembered
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)  # adam, adamw
    epsilon: Positive = 1e-7
    # on matrices and kernels, never on biases; in the gradient for sgd and adam, apart for others
    weight_decay: NotNegative = 0.0


class Schedule(Section):
    """How the learning rate goes over the run."""

    name: ScheduleName = "constant"
    warmup: Fraction = 0.0  # share of the steps in which it rises to its peak
    final: Fraction = 0.0  # what is left of it at the end, as a share of the peak


class Augment(Section):
    """How each picture is varied, anew in every epoch; 0 is off."""

    shift: Fraction = 0.0  # up to this share of the picture's width, either way
    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0  # degrees
    scale: Fraction = 0.0  # 0.1: from 0.9 to 1.1 times the size
    shear: Annotated[float, Field(ge=0, le=60)] = 0.0  # degrees
    elastic: NotNegative = 0.0  # mean displacement in pixels
    stroke: Fraction = 0.0  # share of pictures whose pen gets thicker or thinner
    degrade: Fraction = 0.0  # share on grey paper, grainy, blurred or with a line across
    until: Annotated[float, Field(ge=0, le=1)] = (
        1.0  # share of the epochs; then pictures as they are
    )


class Synthesis(Section):
    """Training on pictures synthesised from MNIST's digits instead of the digits alone."""

    pictures: Annotated[int, Field(ge=0)] = 0  # how many to make, once, before training; 0: off
    original: Fraction = 0.25  # share of them that are digits as they are
    non_digits: Fraction = 0.2  # share that are no digits: the network learns to refuse them
    composed: Fraction = 0.0  # share cut out of composed pictures: the pages' hands, and print
    refused: Fraction = 0.005  # share of the validation digits that the rejection rule may refuse

    @model_validator(mode="before")
    @classmethod
    def _old_names(cls, record: Any) -> Any:
        """Take recipes that were written before `non_digits` had its name."""
        if isinstance(record, dict) and "doodles" in record:
            rest = {key: value for key, value in record.items() if key != "doodles"}
            return rest | {"non_digits": record["doodles"]}
        return record
