"""What can be chosen in the lab: data, network, loss, optimizer and what is broken on purpose."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tenfold.training.recipe import Recipe

DataName = Literal["digits", "mnist"]
NetworkName = Literal["linear", "mlp", "convnet", "tutorial"]
LossName = Literal["cross-entropy", "log-cosh", "mean-squared-error", "kl-divergence", "focal"]
OptimizerName = Literal["sgd", "rmsprop", "adam", "adamw"]

SIZES: dict[DataName, int] = {"digits": 8, "mnist": 28}
# What the images are divided by, and so what they hold unscaled.
FULL_INK: dict[DataName, int] = {"digits": 16, "mnist": 255}
TRAINING = {"digits": 1597}  # images before the validation set is held out
VALIDATION: dict[DataName, float] = {"digits": 0.125, "mnist": 0.2}
WEIGHT_DECAY = 0.01  # of AdamW


class Experiment(BaseModel):
    """One run's settings; the defaults are the tutorial's, with fewer epochs.

    Parameters
    ----------
    data : "digits" or "mnist"
    images : int
        How many of MNIST's training images to use, 1,000 to 5,000; of digits all are used.
    network : "linear", "mlp", "convnet" or "tutorial"
    hidden : int
        Units of the mlp's hidden layer.
    channels : int
        Filters of the convnet's first convolution; the second has twice as many.
    loss, optimizer : str
    learning_rate : float
    batch, epochs, seed : int
    scaled : bool
        Whether the images are scaled to 0–1.
    swapped : bool
        Whether the second convolution takes height for channels, as in the original tutorial.
    shuffled : bool
        Whether the training labels are shuffled.

    Examples
    --------
    >>> Experiment(network="mlp", hidden=32).recipe().network.hidden
    32
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    data: DataName = "digits"
    images: Annotated[int, Field(ge=1000, le=5000, strict=True)] = 2000
    network: NetworkName = "tutorial"
    hidden: Annotated[int, Field(ge=4, le=256, strict=True)] = 64
    channels: Annotated[int, Field(ge=2, le=16, strict=True)] = 8
    loss: LossName = "log-cosh"
    optimizer: OptimizerName = "rmsprop"
    learning_rate: Annotated[float, Field(ge=1e-5, le=1)] = 0.001
    batch: Annotated[int, Field(ge=5, le=256, strict=True)] = 10
    epochs: Annotated[int, Field(ge=1, le=150, strict=True)] = 20
    seed: Annotated[int, Field(ge=0, le=999, strict=True)] = 0
    scaled: bool = True
    swapped: bool = False
    shuffled: bool = False

    @model_validator(mode="after")
    def _one_can_be_swapped(self) -> Experiment:
        if self.swapped and self.network != "tutorial":
            raise ValueError("only the tutorial's network can have its axes swapped")
        return self

    @property
    def size(self) -> int:
        """Width and height of the images, in pixels."""
        return SIZES[self.data]

    @property
    def plain(self) -> bool:
        """Whether the network is one of tenfold's as it stands, on scaled images."""
        return self.scaled and not self.swapped

    def recipe(self) -> Recipe:
        """Return the same choices as a recipe, without what is broken on purpose.

        The fast path is taken where it serves: in small batches of plain networks.
        """
        network: dict[str, object] = {"name": self.network}
        if self.network == "mlp":
            network |= {"hidden": self.hidden, "depth": 1}
        elif self.network == "convnet":
            network |= {"channels": (self.channels, 2 * self.channels), "depth": 1}
        optimizer: dict[str, object] = {
            "name": self.optimizer,
            "learning_rate": self.learning_rate,
        }
        if self.optimizer == "adamw":
            optimizer["weight_decay"] = WEIGHT_DECAY
        return Recipe.model_validate(
            {
                "name": "lab",
                "epochs": self.epochs,
                "batch": self.batch,
                "validation": VALIDATION[self.data],
                "fast_path": self.plain and self.network != "convnet" and self.batch <= 32,
                "threads": 1,
                "seed": self.seed,
                "network": network,
                "loss": {"name": self.loss},
                "optimizer": optimizer,
            }
        )
