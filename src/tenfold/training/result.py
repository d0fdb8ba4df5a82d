"""From a finished training to a model file and its figures."""

from __future__ import annotations

import contextlib
import html
import io
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from tenfold.data.dataset import Dataset
from tenfold.data.splits import Splits
from tenfold.evaluation.evaluate import evaluate
from tenfold.evaluation.evaluation import Evaluation
from tenfold.evaluation.format import between, percent
from tenfold.evaluation.notebook import confusion_html
from tenfold.files import write_whole
from tenfold.model import open_model
from tenfold.modelinfo import ModelInfo
from tenfold.sheets import html_image
from tenfold.training import runfolder
from tenfold.training.baselines import Validation
from tenfold.training.callbacks import Epoch
from tenfold.training.export import export, with_info
from tenfold.training.loop import Training
from tenfold.training.losses import make_loss, one_hot
from tenfold.training.networks import count_parameters
from tenfold.training.recipe import Recipe
from tenfold.training.temperature import calibrate


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    """A finished run.

    Parameters
    ----------
    folder, model : Path
        The run folder and the model file in it.
    recipe : Recipe
        As used, with its seed.
    evaluation : Evaluation
        Of the model file on the test set.
    test_loss : float
        The recipe's own loss on the test set.
    history : tuple of Epoch
        What each epoch came to.
    train_seconds, total_seconds : float
        The loop alone (data loaded), and everything from data to model file.
    validation : Validation or None
        What the validation pictures say, of data of one's own.
    """

    folder: Path
    model: Path
    recipe: Recipe
    evaluation: Evaluation
    test_loss: float
    history: tuple[Epoch, ...]
    train_seconds: float
    total_seconds: float
    validation: Validation | None = None

    def __repr__(self) -> str:
        return (
            f"<Run {self.recipe.name} on {self.evaluation.data}: "
            f"test accuracy {percent(self.evaluation.accuracy)} "
            f"(95 % interval {between(self.evaluation.interval)}), "
            f"test loss {self.test_loss:.4f}, trained in {self.train_seconds:.1f} s, {self.model}>"
        )

    def _repr_html_(self) -> str:
        """Show the figures, the learning curve, the confusion matrix and what is misclassified."""
        shown = [f"<p>{html.escape(repr(self))}</p>", html_image(self.plot(), "learning curve")]
        shown.append(confusion_html(self.evaluation.digits))
        with contextlib.suppress(OSError):  # the run folder may be gone by now
            sheet = (self.folder / "mistakes.png").read_bytes()
            shown.append(html_image(sheet, "misclassified test images"))
        return "".join(shown)

    def plot(self) -> Image.Image:
        """Return the learning curve, loss and accuracy over the epochs, as an image.

        A notebook shows it where it is a cell's last line; and ``.save("curve.png")`` saves it.
        """
        return Image.open(io.BytesIO(runfolder.curve_of(self.history)))

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name, ready for JSON."""
        return {
            "test_accuracy": self.evaluation.accuracy,
            "test_interval": list(self.evaluation.interval),
            "test_loss": self.test_loss,
            "test_count": self.evaluation.count,
            "train_seconds": self.train_seconds,
            "total_seconds": self.total_seconds,
            "model": str(self.model),
            "seed": self.recipe.seed,
            "recipe": self.recipe.name,
            "data": self.evaluation.data,
        } | ({} if self.validation is None else {"validation": self.validation.to_dict()})


def finish(
    training: Training,
    splits: Splits,
    folder: Path,
    started: float,
    validation: Validation | None = None,
) -> Run:
    """Export the network, measure the file on the test set, and write file and figures."""
    recipe = training.recipe
    info = ModelInfo(
        classes=splits.train.classes,
        size=splits.train.size,
        data=splits.train.name,
        data_count=len(training.images),
        data_fingerprint=splits.train.fingerprint(),
        recipe=recipe.to_toml(),
        seed=recipe.seed,
        versions=runfolder.versions(),
        parameters=count_parameters(training.network),
    )
    with training.result() as network:
        content = export(network, info)
    if training.validation is not None:
        info = calibrate(
            open_model(content, "the new model"), training.validation, recipe.synthesis
        )
        content = with_info(content, info)
    model = open_model(content, str(folder / "model.onnx"))
    evaluation = evaluate(model, splits.test)
    test_loss = _recipe_loss(recipe, model.predict_logits(splits.test.images), splits.test)
    results = {
        "test_accuracy": evaluation.accuracy,
        "test_count": evaluation.count,
        "test_loss": test_loss,
        "test_cross_entropy": evaluation.loss,
    }
    path = write_whole(folder / "model.onnx", with_info(content, replace(info, results=results)))
    runfolder.save_pictures(folder, splits.train, splits.test, evaluation, training.history)
    run = Run(
        folder=folder,
        model=path,
        recipe=recipe,
        evaluation=evaluation,
        test_loss=test_loss,
        history=tuple(training.history),
        train_seconds=training.seconds,
        total_seconds=time.perf_counter() - started,
        validation=validation,
    )
    write_whole(folder / "result.json", json.dumps(run.to_dict(), indent=2) + "\n")
    return run


def _recipe_loss(recipe: Recipe, logits: NDArray[np.float32], test: Dataset) -> float:
    targets = one_hot(torch.from_numpy(test.targets), len(test.classes))
    return float(make_loss(recipe.loss)(torch.from_numpy(logits), targets))
