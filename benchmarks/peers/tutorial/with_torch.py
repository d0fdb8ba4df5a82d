"""The tutorial in plain torch, the textbook way: a DataLoader, zero_grad, backward, step.

One thread, which is faster than two with batches this small. torch's RMSprop adds epsilon outside
the square root; otherwise everything is as in Keras.
"""

from __future__ import annotations

import math

import torch
from common_fit import Clock, arguments, digits, report
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset


def network() -> nn.Sequential:
    """Build the tutorial's network, 53,002 weights, started as Keras starts it."""
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(256, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
        nn.Softmax(dim=1),
    )
    for parameter in model.parameters():
        nn.init.xavier_uniform_(parameter) if parameter.ndim > 1 else nn.init.zeros_(parameter)
    return model


def log_cosh(probabilities: Tensor, targets: Tensor) -> Tensor:
    """Mean of log(cosh(probability - target))."""
    error = probabilities - targets
    return (error + functional.softplus(-2 * error) - math.log(2)).mean()


def main() -> None:
    """Train, evaluate and print the line."""
    epochs, seed = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    train, test = ([torch.from_numpy(array) for array in part] for part in digits())
    loader = DataLoader(TensorDataset(train[0][:, None], train[1]), batch_size=10, shuffle=True)
    model = network()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.001, alpha=0.9, eps=1e-7)
    clock = Clock()
    for _ in range(epochs):
        for images, targets in loader:
            optimizer.zero_grad()
            loss = log_cosh(model(images), targets)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        clock.tick()
    model.eval()
    with torch.no_grad():
        probabilities = model(test[0][:, None])
    accuracy = (probabilities.argmax(1) == test[1].argmax(1)).float().mean()
    report(clock, float(accuracy), float(log_cosh(probabilities, test[1])), ["torch"], "1")


main()
