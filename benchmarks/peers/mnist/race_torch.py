"""PyTorch's own MNIST example (pytorch/examples, mnist/main.py) until 99 % of the test set.

Network, optimizer, schedule and batch as there. Its pictures lie normalised in memory instead of
being decoded and normalised one by one, which is in its favour.
"""

from __future__ import annotations

import numpy as np
import torch
from common_mnist import Race, given
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset


def network() -> nn.Sequential:
    """Build the example's network, 1,199,882 weights."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, 1),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, 1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(1),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
        nn.LogSoftmax(dim=1),
    )


def tensors(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
    """Normalise as the example does."""
    pixels = (torch.from_numpy(images).float()[:, None] / 255 - 0.1307) / 0.3081
    return pixels, torch.from_numpy(labels).long()


def main() -> None:
    """Train until the goal and print the line."""
    job = given()
    torch.manual_seed(job.seed)
    loader = DataLoader(TensorDataset(*tensors(*job.train)), batch_size=64, shuffle=True)
    test_images, test_labels = tensors(*job.test)
    model = network()
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    race = Race(job.limit)
    due = True
    while due:
        model.train()
        for images, labels in loader:
            optimizer.zero_grad()
            loss = functional.nll_loss(model(images), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        schedule.step()
        race.stop()
        model.eval()
        with torch.no_grad():
            said = torch.cat(
                [model(chunk).argmax(dim=1) for chunk in torch.split(test_images, 1000)]
            )
        due = race.go_on(float((said == test_labels).float().mean()))
    race.report(["torch"])


main()
