"""A plain PyTorch loop with its DataLoader: one pass to warm up, one timed."""

from __future__ import annotations

import time

import torch
from common_mnist import BATCH, PICTURES, given, report
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from tenfold.training.networks import make_network, scale
from tenfold.training.recipe import load_recipe


def main() -> None:
    """Measure and print the line."""
    job = given()
    torch.manual_seed(job.seed)
    images = scale(torch.from_numpy(job.train[0][:PICTURES]))
    labels = torch.from_numpy(job.train[1][:PICTURES]).long()
    loader = DataLoader(TensorDataset(images, labels), batch_size=BATCH, shuffle=True)
    model = make_network(load_recipe("fast").network, 28, 10).train()
    optimizer = torch.optim.Adam(model.parameters())
    start = 0.0
    for _ in range(2):
        start = time.perf_counter()
        for batch, targets in loader:
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(batch), targets)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    report({"images_per_second": PICTURES / (time.perf_counter() - start)}, ["torch"])


main()
