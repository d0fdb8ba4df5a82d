"""The process that trains: one experiment, told line by line. It alone imports torch.

It is started ahead of time, sets limits on itself, imports what takes long, and waits for the
experiment as a line of JSON on its standard input. On standard output it answers with events, one
JSON object a line; the event "weights" is followed by so many bytes as it says, all parameters as
little-endian float32 in the order of the layers. It ends when its standard input does: that is how
a run is cancelled, and how no process outlives the server.

    python -m tenfold.lab.worker 2000        # at most 2,000 MB
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from torch import Tensor, nn

    from tenfold.data.dataset import Dataset
    from tenfold.training.callbacks import Epoch, Step
    from tenfold.training.loop import Training

WEIGHTS_SECONDS = 0.2  # between two sets of weights: a page draws no faster
MEMORY = "The run needed more memory than it may use. Choose fewer images or a smaller network."
DIVERGED = (
    "The loss is no longer a number. The usual cause is a learning rate that is too high: "
    "try a tenth of it."
)


def limit_memory(megabytes: int) -> None:
    """Let this process hold no more private memory than so many 10⁶ bytes."""
    resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 10**6, megabytes * 10**6))


class Pipe:
    """Standard output, for events alone: what libraries print goes nowhere."""

    def __init__(self) -> None:
        self._file: BinaryIO = os.fdopen(os.dup(1), "wb")
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (a device)
            os.dup2(nowhere.fileno(), 1)

    def tell(self, event: str, content: bytes = b"", **record: Any) -> None:
        """Write an event and the bytes that belong to it."""
        line = json.dumps({"event": event, **record}, separators=(",", ":"))
        self._file.write(line.encode() + b"\n" + content)
        self._file.flush()


class Follower:
    """Tells of a training as it goes.

    Parameters
    ----------
    pipe : Pipe
    training : Training
    validation : Dataset
    """

    def __init__(self, pipe: Pipe, training: Training, validation: Dataset) -> None:
        self._pipe, self._training, self._validation = pipe, training, validation
        self._told = 0.0

    def on_step(self, step: Step) -> None:
        """Tell how far an epoch is."""
        self._pipe.tell("step", step=step.step, steps=step.steps, loss=step.loss)
        self.weights(time.perf_counter())

    def on_epoch(self, epoch: Epoch) -> None:
        """Tell what an epoch came to, and what each validation image is taken for."""
        record: dict[str, Any] = epoch.to_dict()
        record.pop("images_per_second")
        self._pipe.tell("epoch", **record, predicted=self.predicted(self._validation))
        self.weights(time.perf_counter(), last=epoch.epoch == epoch.epochs)

    def weights(self, now: float, *, last: bool = False) -> None:
        """Tell the parameters, unless that was only just done."""
        if last or now - self._told >= WEIGHTS_SECONDS:
            content = packed(self._training.network)
            self._pipe.tell("weights", content, bytes=len(content), step=self._training.step)
            self._told = now

    def predicted(self, images: Dataset) -> str:
        """Return the digit that each image is taken for, one character each."""
        found = self._training.logits(images.images).argmax(dim=1)
        return "".join(str(digit) for digit in found.tolist())


def packed(network: nn.Module) -> bytes:
    """Return all parameters as the page computes with them, little-endian float32."""
    return b"".join(part.contiguous().numpy().astype("<f4").tobytes() for part in parts(network))


def parts(network: nn.Module) -> list[Tensor]:
    """Return weight and bias of each layer; batch normalisation joins the convolution before it."""
    from torch import nn

    found: list[Tensor] = []
    for layer in network.children():
        if isinstance(layer, nn.BatchNorm2d):
            if layer.running_mean is None or layer.running_var is None:
                raise RuntimeError("batch normalisation without figures")
            factor = layer.weight.detach() / (layer.running_var + layer.eps).sqrt()
            found[-1] = found[-1] * factor[:, None, None, None]
            found.append(layer.bias.detach() - layer.running_mean * factor)
        elif isinstance(layer, nn.Conv2d | nn.Linear):
            found.append(layer.weight.detach())
            if layer.bias is not None:
                found.append(layer.bias.detach())
    return found


def train(pipe: Pipe, job: dict[str, Any]) -> None:
    """Run an experiment from its settings to its test result.

    Parameters
    ----------
    pipe : Pipe
    job : dict
        The fields of an `Experiment`.
    """
    import torch

    from tenfold.lab.experiment import Experiment
    from tenfold.lab.images import load
    from tenfold.lab.network import make_maker, shuffle
    from tenfold.lab.plan import at_work, plan
    from tenfold.training.loop import Training, fit

    experiment = Experiment.model_validate(job)
    learned, validation, test = load(experiment.data, experiment.images)
    if experiment.shuffled:
        learned = shuffle(learned, experiment.seed)
    make = make_maker(experiment)
    training = Training(experiment.recipe(), learned, validation, torch.device("cpu"), make)
    layers = plan(experiment)
    pipe.tell(
        "started",
        layers=[layer.to_dict() for layer in at_work(layers)],
        parameters=sum(layer.parameters for layer in layers),
        images=len(learned),
        steps=training.steps,
    )
    follower = Follower(pipe, training, validation)
    follower.weights(time.perf_counter(), last=True)  # before the first step: chance
    fit(training, [follower])
    pipe.tell("tested", predicted=follower.predicted(test), seconds=training.seconds)


def _wait_for_the_end() -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os._exit(0)


def _told(error: BaseException) -> tuple[str, str]:
    """Return what to tell the person, and what to write into the server's log."""
    from tenfold.errors import TenfoldError, TrainingError

    if isinstance(error, TrainingError):
        return DIVERGED, ""
    if isinstance(error, TenfoldError):
        return str(error), ""
    # Torch's allocators have no error of their own.
    text = str(error)
    if isinstance(error, MemoryError) or "allocate memory" in text or "bad_alloc" in text:
        return MEMORY, ""
    place = "".join(traceback.format_tb(error.__traceback__))
    return (
        "The training broke down because of a fault in tenfold. Please report it.",
        f"Fault of tenfold's, please report: {type(error).__name__}: {error}\n{place}",
    )


def _read_line() -> bytes:
    """Read a line by hand: what is buffered would be missed by whoever waits for the end."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            os._exit(0)
        line += byte
    return line


def main() -> None:
    """Set limits, get ready, wait for an experiment, run it."""
    limit_memory(int(sys.argv[1]))
    pipe = Pipe()
    try:
        import torch

        import tenfold.training.loop  # noqa: F401 (now, while nobody waits)
        from tenfold.lab.images import load

        torch.set_num_threads(1)
        load("digits", 0)
        pipe.tell("ready")
        job = json.loads(_read_line())
        threading.Thread(target=_wait_for_the_end, daemon=True).start()
        train(pipe, job)
    except BrokenPipeError:  # the server is gone
        os._exit(0)
    except Exception as error:  # one run's, and told there
        words, log = _told(error)
        pipe.tell("failed", detail=words, log=log)
        os._exit(1)


if __name__ == "__main__":
    main()
