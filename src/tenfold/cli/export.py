"""tenfold export: the same network for Keras, torch, C, or ONNX that frames its pictures itself."""

from __future__ import annotations

import sys
from keyword import kwlist
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tenfold.cli.console import DataDir, Force, Json, Quiet, print_json, say
from tenfold.names import plain, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tenfold.export.network import Network

EXAMPLE = "Example: tenfold export runs/mine/model.onnx --to keras --out exported"
BUNDLED = {"bundled": "digits.onnx", "finder": "finder.onnx", "line": "line.onnx"}
PICTURES = 1000  # that int8 is set on


def export(
    model: Annotated[
        str,
        typer.Argument(
            help="A model file, or one that comes with tenfold: 'bundled', 'finder', 'line'."
        ),
    ],
    to: Annotated[
        Literal["keras", "torch", "c", "onnx", "web"],
        typer.Option(
            help="What to write; onnx: with the framing of a grey crop in it; web: a page that "
            "reads in the browser, with no server."
        ),
    ],
    folder: Annotated[Path, typer.Option("--out", help="The folder to write to.")],
    data: Annotated[
        str | None,
        typer.Option(
            help="For C: pictures to set int8 on, of which only the training set is looked at; "
            "by default what the model was trained on."
        ),
    ] = None,
    data_dir: DataDir = None,
    runtime: Annotated[
        Path | None,
        typer.Option(help="For the web: the npm package onnxruntime-web; npm fetches it if unset."),
    ] = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a network for other programs: Keras, torch, a microcontroller, any ONNX runtime.

    The weights are copied; before anything is written, answers are compared with ONNX Runtime's.
    """
    from tenfold.errors import UsageError
    from tenfold.export.read import read_network
    from tenfold.model import read_content
    from tenfold.reader.networks import bundled_content

    if data is not None and to != "c":
        raise UsageError("--data goes with '--to c' alone, which sets int8 on pictures.")
    if to == "web":
        _export_web(model, folder, runtime, force=force, json=json, quiet=quiet)
        return
    name = BUNDLED.get(model, model)
    content = bundled_content(name) if model in BUNDLED else read_content(model)
    network = read_network(content, name)
    stem = _stem(name)
    pictures = None
    if to == "c":
        from tenfold.export.c import writable

        writable(network)  # before pictures are looked for that would not help
        pictures = _pictures(network, data, data_dir)
    written, facts = _made(network, to, stem, pictures)
    targets = {folder / each: text for each, text in written.items()}
    _write(targets, force=force)
    if json:
        print_json({"to": to, "files": [shown(target) for target in targets]} | facts)
        return
    for target in targets:
        say(shown(target))
    if not quiet:
        for line in _told(to, facts):
            say(line)


def _write(targets: dict[Path, str | bytes], *, force: bool) -> None:
    """Write files, if none of them is somebody else's."""
    from tenfold.files import make_folder, refuse_foreign, write_whole

    for target in targets:
        if not force:
            refuse_foreign(target)
    for target, text in targets.items():
        make_folder(target.parent)
        write_whole(target, text)


def _export_web(
    model: str, folder: Path, runtime: Path | None, *, force: bool, json: bool, quiet: bool
) -> None:
    """Write the page that reads by itself, with this classifier for single digits."""
    from tenfold.errors import UsageError
    from tenfold.export.web import export_web

    if model in ("finder", "line"):
        raise UsageError("the page holds all networks; give 'bundled' or a classifier's file.")
    own = None if model == "bundled" else model
    page = export_web(folder, model=own, runtime=runtime, force=force)
    if json:
        print_json({"to": "web", "folder": shown(page.folder), "files": page.files,
                    "size": page.size, "packed": page.packed})  # fmt: skip
        return
    say(shown(page.folder))
    if not quiet:
        say(f"{page.files} files, {page.packed / 1e6:.1f} MB over the network.")
        say(f"Try it: python -m http.server -d {shown(page.folder)}")


def _stem(name: str) -> str:
    """Return the model's name without its ending, where a module can be called so."""
    stem = Path(name).stem
    taken = {*kwlist, *sys.stdlib_module_names, "keras", "numpy", "safetensors", "torch"}
    return stem if stem.isidentifier() and stem.isascii() and stem not in taken else "model"


def _pictures(network: Network, data: str | None, data_dir: Path | None) -> NDArray[np.uint8]:
    """Load pictures of the training set, evenly from all of it."""
    import numpy as np

    from tenfold.errors import DataError, UsageError
    from tenfold.samples.load import load_splits

    source = data or network.info.data
    if data is None and source not in ("mnist", "digits"):
        raise UsageError(
            f"{plain(network.where)}: was trained on {plain(source)!r}, which is not known by that "
            "name. Give the pictures that int8 is set on with --data."
        )
    train = load_splits(source, data_dir).train
    if train.size != network.info.size or not len(train):
        raise DataError(
            f"{train.name}: {len(train):,} pictures of {train.size}×{train.size}; the network "
            f"takes {network.info.size}×{network.info.size}. Give others with --data."
        )
    rows = np.linspace(0, len(train) - 1, min(PICTURES, len(train))).astype(int)
    images: NDArray[np.uint8] = train.images[rows]
    return images


def _made(
    network: Network, to: str, stem: str, pictures: NDArray[np.uint8] | None
) -> tuple[dict[str, str | bytes], dict[str, Any]]:
    """Return the files' contents by name, and what was found out on the way."""
    if to == "keras":
        from tenfold.export.keras import keras_file

        content, difference = keras_file(network)
        return {f"{stem}.keras": content}, {"difference": difference}
    if to == "torch":
        from tenfold.export.torch import torch_files

        source, weights, difference = torch_files(network, stem)
        return {f"{stem}.py": source, f"{stem}.safetensors": weights}, {"difference": difference}
    if to == "onnx":
        from tenfold.export.onnx import onnx_file

        content, difference = onnx_file(network)
        return {f"{stem}-framed.onnx": content}, {"difference": difference}
    from dataclasses import asdict

    from tenfold.export.c import c_files

    assert pictures is not None  # noqa: S101 - loaded for C
    sources, footprint = c_files(network, pictures)
    return {**sources}, {"pictures": len(pictures), "footprint": asdict(footprint)}


def _told(to: str, facts: dict[str, Any]) -> list[str]:
    """Return what was found out, in words."""
    if to != "c":
        other = "our own framing and network" if to == "onnx" else "ONNX Runtime"
        return [f"Answers differ from those of {other} by {facts['difference']:.1e} at most."]
    found = facts["footprint"]
    return [
        f"float32: {found['flash']:,} bytes of constants, {found['memory']:,} bytes of memory",
        f"int8:    {found['flash_int8']:,} bytes of constants, "
        f"{found['memory_int8']:,} bytes of memory",
        f"{found['multiply_adds']:,} multiply-adds per picture",
        f"int8 answers as float32 does to {100 * found['agreement']:.1f} % of "
        f"{facts['pictures']:,} pictures.",
    ]
