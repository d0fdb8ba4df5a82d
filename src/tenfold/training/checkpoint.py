"""Save a run in progress and take it up again, to the bit.

One safetensors file holds everything a run's future depends on: weights, averages, optimizer state,
the state of torch's random numbers (for dropout), the position and the history. It is plain data,
checked on opening and written whole or not at all, so a run killed at any moment finds either the
last checkpoint or the one before.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from tenfold.errors import TrainingError
from tenfold.files import write_whole
from tenfold.training.callbacks import Epoch
from tenfold.training.loop import Training
from tenfold.training.recipe import Recipe

NAME = "checkpoint.safetensors"


def save_checkpoint(training: Training, folder: Path) -> Path:
    """Write the run's state into its folder; raises TenfoldError if the disk refuses."""
    position = {
        "step": training.step,
        "seconds": training.seconds,
        "loss_sum": training.loss_sum,
        "hits": training.hits,
        "schedulers": [scheduler.state_dict() for scheduler in training.schedulers],
        "recipe": _fingerprint(training.recipe),
        "history": [epoch.to_dict() for epoch in training.history],
    }
    tensors = {name: value.detach().cpu().contiguous() for name, value in _tensors(training)}
    content: bytes = save(tensors, metadata={"position": json.dumps(position)})
    return write_whole(folder / NAME, content)


def load_checkpoint(training: Training, folder: Path) -> bool:
    """Put a run back where its last checkpoint was; return whether there was one.

    Raises
    ------
    TrainingError
        If the checkpoint is damaged or belongs to another network or optimizer.
    """
    path = folder / NAME
    for partial in folder.glob(f".{NAME}.*"):  # what a kill in the middle of a write left behind
        partial.unlink(missing_ok=True)
    if not path.is_file():
        return False
    try:
        with safe_open(path, framework="pt") as file:
            position = json.loads(file.metadata()["position"])
            saved = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if position["recipe"] != _fingerprint(training.recipe):
            raise ValueError("it was made with another recipe than recipe.toml is now")
        _restore(training, saved, position["schedulers"])
        training.step = position["step"]
        training.seconds = position["seconds"]
        training.loss_sum, training.hits = position["loss_sum"], position["hits"]
        training.history = [Epoch(**epoch) for epoch in position["history"]]
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise TrainingError(
            f"{path}: cannot be taken up again ({reason}). Start anew with another --out, "
            "or delete the file."
        ) from error
    return True


def _fingerprint(recipe: Recipe) -> str:
    return hashlib.sha256(recipe.to_toml().encode()).hexdigest()


def _tensors(training: Training) -> list[tuple[str, Tensor]]:
    named = [(f"network.{name}", value) for name, value in training.network.state_dict().items()]
    if training.average is not None:
        named += [(f"average.{name}", v) for name, v in training.average.state_dict().items()]
    for i, optimizer in enumerate(training.optimizers):
        for j, state in optimizer.state_dict()["state"].items():
            named += [
                (f"optimizer.{i}.{j}.{key}", value)
                for key, value in state.items()
                if isinstance(value, Tensor)
            ]
    named.append(("random.cpu", torch.get_rng_state()))
    if training.device.type == "cuda":
        named.append(("random.cuda", torch.cuda.get_rng_state(training.device)))
    return named


def _restore(
    training: Training, saved: dict[str, Tensor], schedulers: list[dict[str, Any]]
) -> None:
    training.network.load_state_dict(_part(saved, "network."))
    if training.average is not None:
        training.average.load_state_dict(_part(saved, "average."))
    for i, optimizer in enumerate(training.optimizers):
        groups = optimizer.state_dict()["param_groups"]
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in _part(saved, f"optimizer.{i}.").items():
            j, _, key = name.partition(".")
            # Laid out in memory as the parameter is: fused optimizers go by the place in memory.
            like = parameters[int(j)]
            laid = torch.empty_like(like).copy_(value) if value.shape == like.shape else value
            state.setdefault(int(j), {})[key] = laid
        optimizer.load_state_dict({"state": state, "param_groups": groups})
    for scheduler, own in zip(training.schedulers, schedulers, strict=True):
        scheduler.load_state_dict(own)
        for group, rate in zip(
            scheduler.optimizer.param_groups, scheduler.get_last_lr(), strict=True
        ):
            group["lr"] = rate
    torch.set_rng_state(saved["random.cpu"])
    if training.device.type == "cuda":
        torch.cuda.set_rng_state(saved["random.cuda"], training.device)


def _part(saved: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): v for n, v in saved.items() if n.startswith(prefix)}
