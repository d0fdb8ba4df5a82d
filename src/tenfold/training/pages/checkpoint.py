"""Save a run on composed pages and take it up again: weights, average, AdamW's state, the step.

One safetensors file, written whole or not at all. Files that torch wrote are opened too, as plain
data: runs of before began with them.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from tenfold.errors import TrainingError
from tenfold.files import write_whole

TORCH = b"PK"  # how a file begins that torch.save wrote
Tensors = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Position:
    """How far a run has come: steps, and seconds of training."""

    step: int = 0
    seconds: float = 0.0


def save(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: Tensors,
    position: Position,
) -> None:
    """Write everything that it takes to go on, whole or not at all."""
    tensors = {f"network.{name}": value for name, value in network.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in average.items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": value for name, value in state.items()}
    plain = {name: value.detach().contiguous() for name, value in tensors.items()}
    metadata = {"step": str(position.step), "seconds": str(position.seconds)}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, to_bytes(plain, metadata=metadata))


def restore(
    path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, average: Tensors
) -> Position:
    """Put a run back where its checkpoint was; without one, leave it at its beginning.

    Raises
    ------
    TrainingError
        If the checkpoint is damaged or belongs to another network.
    """
    if not path.is_file():
        return Position()
    try:
        saved, states, position = _read(path)
        network.load_state_dict(saved["network"])
        for name, value in average.items():
            value.copy_(saved["average"][name])
        parameters = list(network.parameters())
        for number, state in states.items():
            for name, value in state.items():
                # As the weights lie in memory: what is added to them then lies alike.
                if value.shape == parameters[number].shape:
                    state[name] = torch.empty_like(parameters[number]).copy_(value)
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": states, "param_groups": groups})
    except (
        OSError,
        SafetensorError,
        KeyError,
        IndexError,
        TypeError,
        ValueError,
        RuntimeError,
    ) as e:
        raise TrainingError(
            f"{path}: cannot be taken up again ({str(e).partition(chr(10))[0]}). "
            "Start anew with another --out, or delete the file."
        ) from e
    return position


def _read(path: Path) -> tuple[dict[str, Tensors], dict[int, Tensors], Position]:
    """Return network and average by name, AdamW's state by number, and the position."""
    content = path.read_bytes()
    if content.startswith(TORCH):
        old = _of_torch(content)
        states = {int(number): dict(state) for number, state in old["optimizer"]["state"].items()}
        return old, states, Position(int(old["step"]))
    parts: dict[str, Tensors] = {"network": {}, "average": {}, "optimizer": {}}
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        for name in file.keys():  # noqa: SIM118
            part, _, own = name.partition(".")
            parts[part][own] = file.get_tensor(name)
    states = {}
    for name, value in parts["optimizer"].items():
        number, _, own = name.partition(".")
        states.setdefault(int(number), {})[own] = value
    return parts, states, Position(int(metadata["step"]), float(metadata["seconds"]))


def _of_torch(content: bytes) -> dict[str, Any]:
    """Read what torch wrote, tensors and numbers alone."""
    try:
        state: dict[str, Any] = torch.load(io.BytesIO(content), weights_only=True)
    # What a torn file raises depends on where it is torn.
    except Exception as error:
        raise ValueError("the file is damaged") from error
    return state
