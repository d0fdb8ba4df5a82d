"""What a machine has: where to compute, how many cores, whether bfloat16 is fast."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Literal, TypeVar, get_args

import torch

from tenfold.errors import TrainingError, UsageError
from tenfold.training.pages.recipe import PagesRecipe
from tenfold.training.recipe import Recipe

Device = Literal["auto", "cpu", "cuda"]
AnyChoices = TypeVar("AnyChoices", Recipe, PagesRecipe)


def pick_device(device: Device) -> torch.device:
    """Return the device to compute on; raises UsageError if CUDA was asked for and is not there."""
    if device not in get_args(Device):
        raise UsageError(f"device {device!r} is not known; use {', '.join(get_args(Device))}.")
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError("device cuda: this machine has no CUDA device. Use the device cpu.")
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(device)


def possible_precision(recipe: AnyChoices, device: torch.device) -> AnyChoices:
    """Fall back to float32 where bfloat16 would only be emulated, and slow."""
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    fast = any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    if device.type == "cpu" and recipe.precision == "bfloat16" and not fast:
        return recipe.replace({"precision": "float32"})
    return recipe


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch use so many cores for a while; 0 leaves it as it is."""
    before = torch.get_num_threads()
    torch.set_num_threads(min(count, os.cpu_count() or 1) or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def memory_told() -> Iterator[None]:
    """Say in plain words that a network was too large, in whichever step memory ran out."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if "memory" not in f"{error}{type(error)}".lower():
            raise
        raise TrainingError(
            "this network does not fit into memory. Make network or batch smaller."
        ) from error
