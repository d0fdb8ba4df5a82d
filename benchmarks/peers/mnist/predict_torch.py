"""The same network in torch, eagerly, as after training."""

from __future__ import annotations

import numpy as np
import torch
from common_mnist import given, pace, report
from numpy.typing import NDArray

from tenfold import load_model
from tenfold.training.networks import make_network, scale
from tenfold.training.recipe import parse_recipe


def main() -> None:
    """Measure and print the line."""
    job = given()
    torch.set_num_threads(job.cores)
    info = load_model(job.model).info
    network = make_network(parse_recipe(info.recipe, job.model).network, info.size, 10).eval()

    @torch.inference_mode()
    def predict(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        probabilities: NDArray[np.float32] = (
            network(scale(torch.from_numpy(images))).softmax(dim=1).numpy()
        )
        return probabilities

    report(pace(predict, job.test[0]), ["torch"])


main()
