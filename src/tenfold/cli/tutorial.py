"""tenfold tutorial: a first digit recogniser, step by step."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table

from tenfold.cli.console import err, out, stop_on_interrupt
from tenfold.cli.show_evaluation import accuracy_line
from tenfold.names import shown

if TYPE_CHECKING:
    from torch import nn

EXAMPLE = "Example: tenfold tutorial --epochs 10"


def tutorial(
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Fewer than the recipe's 150 to be done sooner.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="For first weights, order and dropout.")] = 0,
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="The run folder; by default a new one below ./runs."),
    ] = None,
) -> None:
    """Train a first digit recogniser step by step, with the shapes at each step.

    Loads scikit-learn's digits, trains a small convolutional network and evaluates it. The same
    steps, with the why, are in docs/tutorial.md.
    """
    from tenfold.training.networks import make_network
    from tenfold.training.recipe import load_recipe
    from tenfold.training.runfolder import refuse_used

    recipe = load_recipe("tutorial").replace(
        {"seed": seed} | ({"epochs": epochs} if epochs else {})
    )
    if folder is not None:
        refuse_used(folder)
    _prepare_data()
    out.rule("6. The network", align="left")
    out.print(_layers(make_network(recipe.network, 8, 10)))
    out.print("The softmax that turns the last 10 numbers into probabilities is part of the loss.")
    out.rule("7. Train", align="left")
    optimizer = recipe.optimizer
    out.print(
        f"Loss: {recipe.loss.name}. Optimizer: {optimizer.name}, learning rate "
        f"{optimizer.learning_rate}, rho {optimizer.rho}, epsilon {optimizer.epsilon:g}.\n"
        f"{recipe.epochs} epochs in batches of {recipe.batch}, seed {seed}."
    )
    _train(recipe.epochs, seed, folder)


def _prepare_data() -> None:
    """Show steps 1 to 5: all that happens to the data before the network sees it."""
    import numpy as np
    from sklearn.datasets import load_digits

    from tenfold.sheets import terminal_blocks

    out.rule("1. Load scikit-learn's digits", align="left")
    digits = load_digits()
    out.print(f"data {digits.data.shape} {digits.data.dtype}, target {digits.target.shape}")
    out.print("1,797 digits as rows of 64 numbers from 0 (paper) to 16 (ink), and what each is.")

    out.rule("2. Look at the first", align="left")
    first = np.rint(digits.images[0] * 255 / 16).astype(np.uint8)
    out.print(terminal_blocks(first), markup=False)
    out.print(f"target[0] = {digits.target[0]}")

    out.rule("3. Reshape: rows into pictures with one channel", align="left")
    images = digits.data.reshape(-1, 1, 8, 8)
    out.print(f"{digits.data.shape} → {images.shape}  (pictures, channels, height, width)")

    out.rule("4. Scale by the maximum, and one-hot the targets", align="left")
    scaled = (images / images.max()).astype(np.float32)
    targets = np.eye(10, dtype=np.float32)[digits.target]
    out.print(f"images: {images.min():g}–{images.max():g} → {scaled.min():g}–{scaled.max():g}")
    out.print(
        f"targets: {digits.target.shape} {digits.target.dtype} → {targets.shape} {targets.dtype}; "
        f"{digits.target[3]} becomes {targets[3].astype(int)}"
    )

    out.rule("5. Hold out the last 200", align="left")
    out.print(f"train {scaled[:-200].shape}, test {scaled[-200:].shape}")
    out.print("The network never sees these 200; they tell how well it reads digits new to it.")


def _layers(network: nn.Sequential) -> Table:
    """Run one picture through the network and note what each layer makes of it."""
    import torch

    from tenfold.training.networks import count_parameters

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("layer")
    table.add_column("output shape")
    table.add_column("weights", justify="right")
    picture = torch.zeros(1, 1, 8, 8)
    for layer in network:
        picture = layer(picture)
        shape = " × ".join(str(side) for side in picture.shape[1:])
        table.add_row(_short(layer), shape, f"{count_parameters(layer):,}")
    table.add_section()
    table.add_row("in all", "", f"{count_parameters(network):,}", style="bold")
    return table


def _short(layer: nn.Module) -> str:
    """Name a layer and what matters of it; stride, padding and the like stand at their defaults."""
    shown = re.sub(
        r", (stride|padding|dilation|ceil_mode|inplace|bias)=(\(.*?\)|\w+)", "", str(layer)
    )
    return shown.replace("start_dim=1, ", "").replace("end_dim=-1", "")


def _train(epochs: int, seed: int, folder: Path | None) -> None:
    from tenfold.cli.progress import Bar
    from tenfold.data.registry import load_dataset
    from tenfold.sheets import save_drawing, sheet
    from tenfold.training.run import train

    with ExitStack() as stack:
        run = train(
            "digits",
            "tutorial",
            settings={"epochs": epochs},
            seed=seed,
            out=folder,
            callbacks=[stack.enter_context(Bar())],
            stop=stack.enter_context(stop_on_interrupt()),
        )
    first = sheet(load_dataset("digits").images[:1], ["0"])
    picture = save_drawing(first, run.folder / "first.png")
    out.print(f"Trained in {run.train_seconds:.1f} s.")
    out.rule("8. Evaluate on the 200 held out", align="left")
    out.print(f"loss {run.test_loss:.4f}, {accuracy_line(run.evaluation)}")
    out.print(f"\nThe first digit as a picture: {shown(picture)}", markup=False)
    out.print(f"The mistakes as pictures:     {shown(run.folder / 'mistakes.png')}", markup=False)
    out.print(f"The model file:               {shown(run.model)}", markup=False)
    err.print("\nNext: tenfold train does better in a few seconds; tenfold compare tries losses.")
