"""Recipes of another kind: for the finder and the line recogniser, on pages that are composed.

Such a recipe names its ``task`` and counts steps, not epochs, since no picture is seen twice.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tenfold.training.recipe_file import Choices, Name, Seed
from tenfold.training.recipe_sections import Count, Fraction, NotNegative, Positive, Precision

TaskName = Literal["finder", "line"]


class PagesRecipe(Choices):
    """Every choice of a run on composed pages or strips.

    Parameters
    ----------
    name : str
        What a person calls it.
    task : "finder" or "line"
        Which network, and whether it learns from pages or from strips.
    steps, batch : int
        How many steps, and how many pages or strips go into one.
    rate : float
        The learning rate at its peak; AdamW moves the weights.
    warmup : int
        Steps in which the rate rises; then it falls along half a cosine.
    decay : float
        Weight decay.
    average : float
        Decay per step of the weights' moving average, which is the result.
    clip : float
        The longest gradient a step follows; longer ones are shortened.
    validation : int
        Composed pages or strips, of hands and fonts held out, to measure on in the end.
    precision : "float32" or "bfloat16"
        What the forward pass computes in; bfloat16 needs a processor that has it.
    workers : int
        Processes that compose.
    threads : int
        Cores for the network.
    seed : int
        Decides the first weights and what is composed.

    Examples
    --------
    >>> PagesRecipe(task="line").replace({"steps": 100}).steps
    100
    """

    name: Name = "custom"
    task: TaskName
    steps: Count = 6000
    batch: Annotated[int, Field(ge=1, le=512)] = 24
    rate: Positive = 0.003
    warmup: Annotated[int, Field(ge=0)] = 200
    decay: NotNegative = 0.02
    average: Fraction = 0.999
    clip: Positive = 5.0
    validation: Annotated[int, Field(ge=1)] = 300
    precision: Precision = "bfloat16"
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    threads: Annotated[int, Field(ge=1)] = 1
    seed: Seed = 0
