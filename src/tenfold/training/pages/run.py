"""A run of the finder or the line recogniser, from MNIST and a recipe to a model file.

Its folder is like any run's (see `runfolder`), but for pictures of the data: a line of
metrics.jsonl is a hundred steps, and what is measured is composed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from tenfold.data.dataset import Dataset
from tenfold.errors import DataError
from tenfold.files import write_whole
from tenfold.modelinfo import ModelInfo
from tenfold.signature import CHARS, DIGITS, STRIP
from tenfold.synthesis.pages import hands
from tenfold.synthesis.pages.hands import Part, Stock
from tenfold.training import runfolder
from tenfold.training.callbacks import Callback, Step
from tenfold.training.export import with_info
from tenfold.training.networks import count_parameters
from tenfold.training.pages.confidence import fit_number_confidence
from tenfold.training.pages.finder import FinderNetwork, FinderTask, export_finder
from tenfold.training.pages.line import LineNetwork, LineTask, export_line
from tenfold.training.pages.loop import Progress, Schedule, Task, fit
from tenfold.training.pages.recipe import PagesRecipe
from tenfold.training.pages.score import score_finder, score_line

CHECKPOINT = "checkpoint.safetensors"
MOST_PAGES = 600  # that a number's confidence is fitted on: a minute or two


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the two networks: how it is made, taught, exported, measured and calibrated."""

    network: Callable[[], nn.Module]
    task: Callable[[Stock, PagesRecipe], Task]
    export: Callable[[nn.Module, ModelInfo], bytes]
    score: Callable[[bytes, Stock, int], dict[str, float]]
    calibrate: Callable[[bytes, Stock, int], tuple[float, ...]]
    classes: str
    size: int  # what sides are multiples of, or the height of a strip


KINDS = {
    "finder": Kind(
        FinderNetwork,
        lambda stock, recipe: FinderTask(
            stock, "train", batch=recipe.batch, bfloat16=_half(recipe)
        ),
        export_finder,
        score_finder,
        lambda *_: (),
        DIGITS,
        16,
    ),
    "line": Kind(
        LineNetwork,
        lambda stock, recipe: LineTask(stock, "train", batch=recipe.batch, bfloat16=_half(recipe)),
        export_line,
        score_line,
        fit_number_confidence,
        CHARS,
        STRIP,
    ),
}


def _half(recipe: PagesRecipe) -> bool:
    return recipe.precision == "bfloat16"


@dataclass(frozen=True, slots=True)
class PagesRun:
    """A finished run of the finder or the line recogniser.

    Parameters
    ----------
    folder, model : Path
        The run folder and the model file in it.
    recipe : PagesRecipe
        As used, with its seed.
    data : str
        Whose digits were used.
    results : dict
        What the model file came to on composed pages or strips that were held out; see
        `tenfold.training.pages.score`.
    train_seconds, total_seconds : float
        The loop alone, and everything since this call.
    """

    folder: Path
    model: Path
    recipe: PagesRecipe
    data: str
    results: dict[str, float]
    train_seconds: float
    total_seconds: float

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name, ready for JSON."""
        return {
            **self.results,
            "train_seconds": self.train_seconds,
            "total_seconds": self.total_seconds,
            "model": str(self.model),
            "seed": self.recipe.seed,
            "recipe": self.recipe.name,
            "data": self.data,
        }


def train_on_pages(
    recipe: PagesRecipe,
    train: Dataset,
    open_folder: Callable[[], Path],
    callbacks: Sequence[Callback],
    stop: Callable[[], bool],
    checkpoint_every: float,
) -> PagesRun:
    """Train by a recipe of this kind; see `tenfold.train`.

    Parameters
    ----------
    recipe : PagesRecipe
    train : Dataset
        Whose digits are written on pages; its last 6,000 on those that are measured on.
    open_folder : callable
        Makes the run folder, or opens that of a run to resume.
    callbacks, stop, checkpoint_every
        As `tenfold.train` takes them.

    Raises
    ------
    DataError, TrainingError, RunStoppedError
    """
    started = time.perf_counter()
    stocks = _stock(train, "train"), _stock(train, "validation")
    folder = open_folder()
    kind = KINDS[recipe.task]
    torch.manual_seed(recipe.seed)
    network = kind.network()
    schedule = Schedule(
        recipe.steps, recipe.rate, recipe.warmup, recipe.decay, recipe.average, recipe.clip,
        recipe.workers, recipe.threads, checkpoint_every,
    )  # fmt: skip
    diary = _Diary(folder / "metrics.jsonl", recipe.steps)

    def on_step(progress: Progress) -> None:
        diary.last = progress
        for callback in callbacks:
            callback.on_step(Step(progress.step, progress.steps, 0, 0, progress.loss))

    ended = fit(
        kind.task(stocks[0], recipe), network, schedule, folder / CHECKPOINT, recipe.seed,
        diary.write, on_step, stop,
    )  # fmt: skip
    if not ended:
        raise runfolder.stopped(folder, diary.last.step, recipe.steps)
    info = ModelInfo(
        classes=tuple(kind.classes),
        size=kind.size,
        data=train.name,
        data_count=sum(len(rows) for rows in stocks[0].rows),
        data_fingerprint=train.fingerprint(),
        recipe=recipe.to_toml(),
        seed=recipe.seed,
        versions=runfolder.versions(),
        parameters=count_parameters(network),
    )
    content = kind.export(network, info)
    results = kind.score(content, stocks[1], recipe.validation)
    curve = kind.calibrate(content, stocks[1], min(recipe.validation, MOST_PAGES))
    info = replace(info, results=results, string_calibration=curve)
    model = write_whole(folder / "model.onnx", with_info(content, info))
    total = time.perf_counter() - started
    run = PagesRun(folder, model, recipe, train.name, results, diary.last.seconds, total)
    write_whole(folder / "result.json", json.dumps(run.to_dict(), indent=2) + "\n")
    return run


class _Diary:
    """The file with one object for every hundred steps, and where the run stands."""

    def __init__(self, path: Path, steps: int) -> None:
        self.path = path
        self._records: list[dict[str, float]] = []
        if path.is_file():  # a killed run may have torn the last line
            lines = path.read_text(encoding="utf-8").splitlines()
            self._records = [json.loads(line) for line in lines if line.endswith("}")]
        seconds = self._records[-1]["seconds"] if self._records else 0.0
        self.last = Progress(0, steps, seconds, 0.0, 0.0, {})

    def write(self, progress: Progress) -> None:
        """Add where the run stands; what was written of later steps is forgotten."""
        before = [record for record in self._records if record["step"] < progress.step]
        self._records = [*before, progress.to_dict()]
        write_whole(self.path, "".join(json.dumps(record) + "\n" for record in self._records))


def _stock(train: Dataset, part: Part) -> Stock:
    """Take digits from a data set; raises DataError where it has not enough of each."""
    stock = Stock.of(train.images, train.targets, part)
    if train.classes != tuple(DIGITS) or not all(map(len, stock.rows)):
        raise DataError(
            f"{train.name}: pages are composed of MNIST's digits, or of as many others: more than "
            f"{hands.HELD_OUT:,} pictures of the digits 0 to 9. Use mnist as data."
        )
    return stock
