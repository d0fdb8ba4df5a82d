"""What a server can be told: limits, token, model, and where to collect. All from the environment.

Numbers come from environment variables, so that a container, a systemd unit and a shell set them
the same way; the command line adds what a person chooses at each start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tenfold.cores import cores
from tenfold.errors import UsageError
from tenfold.server.hosts import LOOPBACK

MOST_MEGAPIXELS = 50  # what the reader opens at all


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server runs.

    Parameters
    ----------
    model : Path or None
        A model file instead of the one that comes with tenfold.
    collect : Path or None
        Folder for what people teach; None turns teaching off.
    token : str or None
        What callers must send as bearer token; None lets everyone in.
    names : frozenset of str or None
        The host names that the server answers to; None for whatever it is called.
    body_mb : float
        Largest body of a request, in 10⁶ bytes.
    megapixels : float
        Largest picture, at most 50.
    batch : int
        Most pictures in one request to read a batch.
    seconds : float
        Longest time a request may take, waiting included; a body may take as long to arrive.
    reads : int
        How many worker processes read at the same time.
    queue : int
        How many requests may wait for one of them; more are turned away with 503.
    reference : int
        Pictures that a taught reader is held to; fewer are composed sooner and tell losses less
        finely.
    allow : float
        Points of accuracy that it may lose on them.
    """

    model: Path | None = None
    collect: Path | None = None
    token: str | None = None
    names: frozenset[str] | None = LOOPBACK
    body_mb: float = 25.0
    megapixels: float = float(MOST_MEGAPIXELS)
    batch: int = 64
    seconds: float = 30.0
    reads: int = 1
    queue: int = 64
    reference: int = 5000
    allow: float = 0.1

    @property
    def body_bytes(self) -> int:
        """Largest body of a request, in bytes."""
        return int(self.body_mb * 1_000_000)

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str],
        *,
        model: Path | None = None,
        collect: Path | None = None,
    ) -> Settings:
        """Take numbers and the token from ``TENFOLD_…`` variables.

        Raises
        ------
        UsageError
            If a variable holds no number or one out of range.

        Examples
        --------
        >>> Settings.from_environment({"TENFOLD_BODY_MB": "5"}).body_bytes
        5000000
        """

        def number(name: str, default: float, least: float, most: float) -> float:
            text = environment.get(name, "").strip()
            try:
                value = float(text) if text else default
            except ValueError:
                value = float("nan")
            if not least <= value <= most:
                raise UsageError(f"{name} is {text!r}; give a number from {least:g} to {most:g}.")
            return value

        token = environment.get("TENFOLD_TOKEN")
        if token is not None:
            token = token.strip()  # of a line's end, where it comes from a file
            if not (token and token.isascii()):
                raise UsageError("TENFOLD_TOKEN is empty or not plain ASCII; set one or unset it.")
        return cls(
            model=model,
            collect=collect,
            token=token,
            body_mb=number("TENFOLD_BODY_MB", 25, 0.001, 1000),
            megapixels=number("TENFOLD_MEGAPIXELS", MOST_MEGAPIXELS, 0.001, MOST_MEGAPIXELS),
            batch=int(number("TENFOLD_BATCH", 64, 1, 10_000)),
            seconds=number("TENFOLD_SECONDS", 30, 0.1, 3600),
            reads=int(number("TENFOLD_READS", cores(), 1, 256)),
            queue=int(number("TENFOLD_QUEUE", 64, 0, 100_000)),
            reference=int(number("TENFOLD_REFERENCE", 5000, 500, 1_000_000)),
            allow=number("TENFOLD_ALLOW", 0.1, 0, 100),
        )
