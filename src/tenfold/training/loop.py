"""The training loop, whole: read it top to bottom.

The data set lies in memory as one tensor; each epoch shuffles it, varies it in blocks of about a
thousand pictures, and goes through it in batches. `Training.advance` is the step: forward, loss,
backward, move the weights. `fit`, at the end, is the loop around it.

Every random number comes from the seed, the epoch and the block, so a run that was stopped anywhere
goes on as if it had not been: `Training` holds all there is to know, and
`tenfold.training.checkpoint` saves and restores it.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tenfold.data.dataset import Dataset
from tenfold.errors import TrainingError
from tenfold.training.augment import augment
from tenfold.training.callbacks import Callback, Epoch, Step
from tenfold.training.fastpath import FastPath
from tenfold.training.losses import make_loss, one_hot
from tenfold.training.networks import make_network, scale
from tenfold.training.optimizers import make_average, make_optimizers, make_scheduler
from tenfold.training.recipe import Recipe
from tenfold.training.recipe_sections import Network

BLOCK = 1024  # pictures varied at once: large enough to be fast, small enough to stay in the cache
UNCOUNTED = 256  # steps whose loss and hits wait to be added up
REPORT_SECONDS = 0.1  # how often a callback hears of the steps


class Training:
    """A run in progress: network, weights, optimizer, position and history.

    Parameters
    ----------
    recipe : Recipe
        Every choice of the run.
    train : Dataset
        What it learns from.
    validation : Dataset or None
        What it is watched on after each epoch.
    device : torch.device
        Where it computes.
    make : callable
        Makes the network from the recipe's section, the images' size and the number of classes.
    """

    def __init__(
        self,
        recipe: Recipe,
        train: Dataset,
        validation: Dataset | None,
        device: torch.device,
        make: Callable[[Network, int, int], nn.Module] = make_network,
    ) -> None:
        self.recipe, self.device = recipe, device
        self.images = torch.from_numpy(train.images).to(device)
        self.labels = torch.from_numpy(train.targets).long().to(device)
        self.validation = validation
        self.classes = len(train.classes)
        torch.manual_seed(recipe.seed)
        self.network: nn.Module = make(recipe.network, train.size, self.classes).to(device)
        if recipe.channels_last:
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.loss = make_loss(recipe.loss)
        self.fast_path = FastPath(self.network, recipe) if recipe.fast_path else None
        groups = None
        if self.fast_path is not None:
            groups = self.fast_path.flat.groups(recipe.optimizer.weight_decay)
        self.optimizers = make_optimizers(recipe.optimizer, self.network, groups)
        made = [make_scheduler(o, recipe.schedule, self.steps) for o in self.optimizers]
        self.schedulers = [scheduler for scheduler in made if scheduler is not None]
        self.average = make_average(self.network, recipe.ema) if recipe.ema else None
        self.targets = one_hot(
            torch.arange(self.classes, device=device), self.classes, recipe.loss.label_smoothing
        )
        self.step = 0
        self.loss_sum, self.hits = 0.0, 0  # over this epoch's pictures so far
        self._uncounted: list[tuple[Tensor, Tensor, Tensor]] = []
        self.history: list[Epoch] = []
        self.seconds = 0.0

    @property
    def steps_per_epoch(self) -> int:
        """Batches an epoch, the last one possibly smaller."""
        return math.ceil(len(self.images) / self.recipe.batch)

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.recipe.epochs * self.steps_per_epoch

    def batches(self, epoch: int, first: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield pictures ``(batch, 1, size, size)`` and labels from batch ``first`` of an epoch."""
        batch = self.recipe.batch
        order = torch.randperm(
            len(self.images), generator=_generator(torch.device("cpu"), self.recipe.seed, epoch)
        ).to(self.device)
        per_block = max(BLOCK // batch, 1)
        varied = epoch < self.recipe.augment.until * self.recipe.epochs
        for block, rows in enumerate(torch.split(order, per_block * batch)):
            skip = max(first - block * per_block, 0)
            if skip >= per_block:
                continue
            generator = _generator(self.device, self.recipe.seed, epoch, block)
            images = scale(self.images[rows])
            if varied:
                images = augment(images, self.recipe.augment, generator)
            labels = self.labels[rows]
            if self.recipe.channels_last:
                images = images.contiguous(memory_format=torch.channels_last)
            pairs = zip(torch.split(images, batch), torch.split(labels, batch), strict=True)
            yield from list(pairs)[skip:]

    def advance(self, images: Tensor, labels: Tensor) -> None:
        """Take one step: forward, loss, backward, move the weights, and count.

        Takes a batch as `batches` yields it: ``(batch, 1, size, size)`` and ``(batch,)``.
        """
        targets = self.targets.index_select(0, labels)  # (batch, classes), probabilities
        if self.fast_path is not None:  # for tiny batches: the same numbers without autograd
            logits, loss = self.fast_path(images, targets)
        else:
            self.network.zero_grad()
            with self.precision():
                logits = self.network(images).float()  # (batch, classes)
            loss = self.loss(logits, targets)
            loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in self.optimizers:
            optimizer.step()
        for scheduler in self.schedulers:
            scheduler.step()
        if self.average is not None:
            self.average.update_parameters(self.network)
        self.step += 1
        self._uncounted.append((loss.detach(), logits.detach(), labels))
        if len(self._uncounted) == UNCOUNTED:
            self.count()

    def count(self) -> None:
        """Add the last steps to the epoch's figures; for many at once it costs next to nothing.

        Raises TrainingError with advice once the loss is no number any more.
        """
        if not self._uncounted:
            return
        losses, logits, labels = zip(*self._uncounted, strict=True)
        self._uncounted = []
        self.hits += int((torch.cat(logits).argmax(dim=1) == torch.cat(labels)).sum())
        # one by one, so that the sum does not depend on where a run was interrupted
        for loss, batch in zip(torch.stack(losses).tolist(), labels, strict=True):
            self.loss_sum += loss * len(batch)
        if not math.isfinite(self.loss_sum):
            raise self._diverged()

    def _diverged(self) -> TrainingError:
        rate = self.recipe.optimizer.learning_rate / 10
        warmup = "" if self.recipe.schedule.warmup >= 0.1 else ", or schedule.warmup=0.1"
        return TrainingError(
            f"the loss is no longer a number, in step {self.step} of {self.steps}. The usual cause "
            "is a learning rate that is too high: start anew with a tenth of it: "
            f"tenfold train --set optimizer.learning_rate={rate:g}{warmup}."
        )

    @property
    def seen(self) -> int:
        """Pictures seen so far in this epoch."""
        return min(self.step % self.steps_per_epoch * self.recipe.batch, len(self.images))

    def position(self) -> Step:
        """Tell where the run stands, within an epoch of which some pictures were seen."""
        return Step(
            step=self.step,
            steps=self.steps,
            epoch=self.step // self.steps_per_epoch + 1,
            epochs=self.recipe.epochs,
            loss=self.loss_sum / self.seen,
        )

    def end_epoch(self, seconds: float) -> None:
        """Write an epoch into the history and start counting anew; ``seconds`` since the last."""
        self.count()
        count = len(self.images)
        validation_loss, validation_accuracy = self.validate()
        # The last step may have broken weights that no loss has seen yet.
        broken = not all(p.isfinite().all() for p in self.network.parameters())
        if broken or not math.isfinite(validation_loss or 0):
            raise self._diverged()
        elapsed = self.seconds + seconds
        earlier = self.history[-1].seconds if self.history else 0.0
        self.history.append(
            Epoch(
                epoch=self.step // self.steps_per_epoch,
                epochs=self.recipe.epochs,
                loss=self.loss_sum / count,
                accuracy=self.hits / count,
                validation_loss=validation_loss,
                validation_accuracy=validation_accuracy,
                learning_rate=self.optimizers[0].param_groups[0]["lr"],
                images_per_second=count / (elapsed - earlier),
                seconds=elapsed,
            )
        )
        self.loss_sum, self.hits = 0.0, 0

    def validate(self) -> tuple[float | None, float | None]:
        """Return loss and accuracy on the validation set, with the averaged weights if any."""
        if self.validation is None:
            return None, None
        logits = self.logits(self.validation.images)
        with torch.inference_mode():
            labels = torch.from_numpy(self.validation.targets).long().to(self.device)
            loss = self.loss(logits, self.targets.index_select(0, labels))
            accuracy = (logits.argmax(dim=1) == labels).float().mean()
        return float(loss), float(accuracy)

    def logits(self, images: NDArray[np.uint8]) -> Tensor:
        """Return the answers of the network of now to images, uint8 ``(n, h, w)``: logits."""
        with self.result() as network, torch.inference_mode():
            chunks = torch.split(torch.from_numpy(images).to(self.device), BLOCK)
            return torch.cat([network(scale(chunk)) for chunk in chunks])

    @contextlib.contextmanager
    def result(self) -> Iterator[nn.Module]:
        """Lend the network as it would be handed out: in evaluation mode, weights averaged."""
        network = self.network if self.average is None else self.average.module
        network.eval()
        try:
            yield network
        finally:
            self.network.train()

    def precision(self) -> contextlib.AbstractContextManager[object]:
        """Return what the forward pass runs in."""
        if self.recipe.precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)


def fit(
    training: Training,
    callbacks: Sequence[Callback] = (),
    save: Callable[[], None] = lambda: None,
    save_every: float = math.inf,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Run a training to its end, or until ``stop`` says so; return whether it got there.

    ``save`` is called every ``save_every`` seconds, when stopped, and at the end, each time with
    weights that are sound. Raises TrainingError when the loss turns into no number.
    """
    training.network.train()
    stopped = False
    last_save = last_report = mark = time.perf_counter()
    while training.step < training.steps and not stopped:
        epoch, first = divmod(training.step, training.steps_per_epoch)
        for images, labels in training.batches(epoch, first):
            training.advance(images, labels)
            if training.step % training.steps_per_epoch == 0:
                training.end_epoch(time.perf_counter() - mark)
                for callback in callbacks:
                    callback.on_epoch(training.history[-1])
            now = time.perf_counter()
            training.seconds, mark = training.seconds + now - mark, now
            if now - last_report > REPORT_SECONDS and training.seen:
                training.count()
                for callback in callbacks:
                    callback.on_step(training.position())
                last_report = now
            stopped = stop()
            if stopped or now - last_save > save_every:
                training.count()
                save()
                last_save = mark = time.perf_counter()
            if stopped:
                break
    save()
    return training.step >= training.steps


def _generator(device: torch.device, *key: int) -> torch.Generator:
    """Make a generator whose numbers depend on all of ``key`` and on nothing else."""
    seed = np.random.SeedSequence(list(key)).generate_state(1, np.uint64)[0]
    return torch.Generator(device).manual_seed(int(seed))
