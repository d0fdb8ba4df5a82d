"""tenfold tutorial: a first digit recogniser, step by step.

The steps are those of examples/tutorial.py: each is shown, explained and run as it stands there.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.syntax import Syntax
from rich.table import Table

import tenfold
from tenfold.cli.console import err, out, stop_on_interrupt
from tenfold.cli.show_evaluation import accuracy_line
from tenfold.names import shown

if TYPE_CHECKING:
    from torch import nn

EXAMPLE = "Example: tenfold tutorial --epochs 10"

_SETTINGS = re.compile(r"^epochs, seed = (\d+), \d+$", re.MULTILINE)
_HEADING = re.compile(r"^# \d\. ", re.MULTILINE)

# Why each step is there, by its number; docs/tutorial.md says more.
_WHY = {
    0: "This is the whole code, part by part, as examples/tutorial.py has it.",
    1: "1,797 digits as rows of 64 numbers, 0 (paper) to 16 (ink), and their labels.",
    2: "Before anything else: is it what you think it is?",
    3: "A convolution looks at neighbours, so it needs images rather than rows.",
    4: "Networks start best from numbers between 0 and 1. A one-hot target is a row of\n"
    "ten with a 1 at the digit: the shape of what the network answers.",
    5: "The network never sees these 200; they tell how well it reads new digits.",
    6: "Two convolutions find strokes, two dense layers make a digit of them. Dropout\n"
    "hides a share of the values in training, so that none is relied on alone.",
    7: "Each step takes ten images, measures how far the probabilities are from the\n"
    "targets, and moves every parameter a little to make that less.",
    8: "The only figures that count are those on images that it has not seen.",
    9: "The recipe 'tutorial' is the same network, loss and optimizer. Its fast path\n"
    "finds the gradients without autograd; the run folder holds the model file.",
}


@dataclass(frozen=True)
class Step:
    """One step of examples/tutorial.py.

    Parameters
    ----------
    number : int
        From 1; 0 is what stands above the first step.
    title : str
        Such as ``"Build the network"``.
    code : str
        Its lines, without the title.
    line : int
        Where its code begins in the file, from 1.
    """

    number: int
    title: str
    code: str
    line: int


def tutorial(
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Fewer than the tutorial's 150 to be done sooner.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Random seed of first weights, order and dropout.")
    ] = 0,
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="The run folder; by default a new one below ./runs."),
    ] = None,
) -> None:
    """Train a first digit recogniser step by step, with the code and shapes of each step.

    Loads scikit-learn's digits, trains a small convolutional network and evaluates it, in plain
    PyTorch; then does the same with tenfold. The text to it is docs/tutorial.md.
    """
    import torch

    from tenfold.training.machine import threads
    from tenfold.training.runfolder import refuse_used

    if folder is not None:
        refuse_used(folder)
    file = source()
    beginning, *steps = read_steps(_chosen(file.read_text(encoding="utf-8"), epochs, seed))
    *plain, with_tenfold = steps
    known: dict[str, Any] = {"__name__": "tutorial"}
    # torch's threads and random numbers are the caller's own again afterwards
    with threads(1), torch.random.fork_rng():
        _show(beginning)
        _run(beginning, known, file)
        for step in plain:
            _show(step)
            _run(step, known, file)
            if step.number == 6:
                out.print(_layers(known["network"]))
    _show(with_tenfold)
    _train(known["epochs"], seed, folder)


def source() -> Path:
    """Return where examples/tutorial.py lies: in the installed package, or in the checkout."""
    package = Path(tenfold.__file__).parent
    installed = package / "examples" / "tutorial.py"
    return installed if installed.exists() else package.parents[1] / "examples" / "tutorial.py"


def _chosen(text: str, epochs: int | None, seed: int) -> str:
    """Return the code with the epochs and the seed asked for: what is shown is what runs."""
    return _SETTINGS.sub(lambda own: f"epochs, seed = {epochs or own[1]}, {seed}", text)


def read_steps(text: str) -> list[Step]:
    """Split the tutorial's code at its numbered headings; what stands above them is step 0.

    Examples
    --------
    >>> text = "import math" + 2 * chr(10) + "# 1. Halve" + chr(10) + "half = 1 / 2"
    >>> read_steps(text)[1]
    Step(number=1, title='Halve', code='half = 1 / 2', line=4)
    """
    starts = [match.start() for match in _HEADING.finditer(text)]
    steps = [Step(0, "", text[: starts[0]].strip(), 1)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        heading, _, code = text[start:end].partition("\n")
        number, _, title = heading.removeprefix("# ").partition(". ")
        line = text[:start].count("\n") + 2
        steps.append(Step(int(number), title, code.strip(), line))
    return steps


def _show(step: Step) -> None:
    if step.number:
        out.print()
        out.rule(f"{step.number}. {step.title}", align="left")
    out.print(_WHY[step.number])
    code = Syntax(
        step.code, "python", theme="ansi_dark", background_color="default", padding=(1, 0)
    )
    out.print(code)


def _run(step: Step, known: dict[str, Any], file: Path) -> None:
    """Run a step's lines as if they stood alone in the file, with what the steps before made."""
    lines = "\n" * (step.line - 1) + step.code  # so that a traceback names the right line
    exec(compile(lines, str(file), "exec"), known)  # noqa: S102 - our own file


def _layers(network: nn.Sequential) -> Table:
    """Run one image through the network and note what each layer makes of it."""
    import torch

    from tenfold.training.networks import count_parameters

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("layer")
    table.add_column("output shape")
    table.add_column("parameters", justify="right")
    image = torch.zeros(1, 1, 8, 8)
    with torch.random.fork_rng():  # dropout must not take the numbers that training will
        for layer in network:
            image = layer(image)
            shape = " × ".join(str(side) for side in image.shape[1:])
            table.add_row(_short(layer), shape, f"{count_parameters(layer):,}")
    table.add_section()
    table.add_row("total", "", f"{count_parameters(network):,}", style="bold")
    return table


def _short(layer: nn.Module) -> str:
    """Name a layer and what matters of it; stride, padding and the like stand at their defaults."""
    shown = re.sub(
        r", (stride|padding|dilation|ceil_mode|inplace|bias)=(\(.*?\)|\w+)", "", str(layer)
    )
    return shown.replace("start_dim=1, ", "").replace("end_dim=-1", "")


def _train(epochs: int, seed: int, folder: Path | None) -> None:
    """Do what the last step says, with a progress bar, the epochs and the run folder asked for."""
    from tenfold.data.registry import load_dataset
    from tenfold.sheets import save_drawing, sheet
    from tenfold.training.progress import Bar
    from tenfold.training.run import train

    with ExitStack() as stack:
        run = train(
            "digits",
            "tutorial",
            settings={"epochs": epochs},
            seed=seed,
            out=folder,
            callbacks=[stack.enter_context(Bar(err))],
            stop=stack.enter_context(stop_on_interrupt()),
        )
    first = sheet(load_dataset("digits").images[:1], ["0"])
    picture = save_drawing(first, run.folder / "first.png")
    out.print(f"Trained in {run.train_seconds:.1f} s.")
    out.print(f"test loss {run.test_loss:.4f}\ntest {accuracy_line(run.evaluation)}")
    out.print(f"\nThe first digit as an image:   {shown(picture)}", markup=False)
    out.print(f"Its mistakes on the test set:  {shown(run.folder / 'mistakes.png')}", markup=False)
    out.print(f"The model file:                {shown(run.model)}", markup=False)
    err.print("\nNext: tenfold train does better in a few seconds; tenfold compare tries losses.")
