"""Keras's own MNIST example, trained as published, written as a tenfold model file.

    KERAS_BACKEND=torch python benchmarks/peers/mnist/file_keras.py FILE

The network, the loss, the optimizer, 15 epochs in batches of 128 and a tenth held out are those of
keras.io/examples/vision/mnist_convnet. The weights then move into the same layers of torch, only to
be exported: the answers are compared and must be the same.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch
from keras_example import BATCH, HELD_OUT, network
from numpy.typing import NDArray
from torch import Tensor, nn

from tenfold.data.registry import load_splits
from tenfold.evaluation.evaluate import evaluate
from tenfold.files import write_whole
from tenfold.model import open_model
from tenfold.modelinfo import ModelInfo
from tenfold.training.export import export, with_info

WEIGHTS, EPOCHS, SEED = 34_826, 15, 0
RECIPE = 'name = "keras-mnist-convnet"\nepochs = 15\nbatch = 128\nvalidation = 0.1\n'


class ChannelsLast(nn.Module):
    """Order features as Keras flattens them."""

    def forward(self, features: Tensor) -> Tensor:
        """Move channels behind rows and columns."""
        return features.permute(0, 2, 3, 1)


def in_torch(model: Any) -> nn.Sequential:
    """Return the same network with the same weights in torch; logits out."""
    first, second, dense = (layer.get_weights() for layer in model.layers if layer.get_weights())
    twin = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        ChannelsLast(),
        nn.Flatten(),
        nn.Linear(1600, 10),
    )
    with torch.no_grad():
        for place, (kernel, bias) in ((0, first), (3, second), (8, dense)):
            order = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
            parameters = [torch.from_numpy(kernel.transpose(order).copy()), torch.from_numpy(bias)]
            for parameter, value in zip(twin[place].parameters(), parameters, strict=True):
                parameter.copy_(value)
    return twin.eval()


def as_keras_takes(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Scale to 0 to 1, channel last."""
    return np.asarray(images[..., None], np.float32) / np.float32(255)


def main() -> None:
    """Train, compare, write."""
    splits = load_splits("mnist")
    keras.utils.set_random_seed(SEED)
    model = network()
    if model.count_params() != WEIGHTS:
        raise SystemExit(f"{model.count_params()} weights are not the example's {WEIGHTS}")
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    targets = keras.utils.to_categorical(splits.train.targets, 10)
    model.fit(
        as_keras_takes(splits.train.images),
        targets,
        batch_size=BATCH,
        epochs=EPOCHS,
        validation_split=HELD_OUT,
        verbose=2,
    )
    info = ModelInfo(
        classes=splits.train.classes,
        size=28,
        data="mnist",
        data_count=round(len(splits.train) * (1 - HELD_OUT)),
        recipe=RECIPE,
        seed=SEED,
        versions={"keras": keras.__version__},
        parameters=WEIGHTS,
    )
    content = export(in_torch(model), info)
    opened = open_model(content, "Keras's example")
    some = splits.test.images[:500]
    theirs = model.predict(as_keras_takes(some), verbose=0)
    if np.abs(opened.predict_proba(some) - theirs).max() > 1e-4:
        raise SystemExit("the file does not answer as Keras does")
    results = {"test_accuracy": evaluate(opened, splits.test).accuracy, "test_count": 10_000.0}
    info = replace(info, results=results)
    write_whole(Path(sys.argv[1]), with_info(content, info))


if __name__ == "__main__":
    main()
