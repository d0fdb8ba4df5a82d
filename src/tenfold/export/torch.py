"""A module file that a person can read, and its weights as safetensors: the network in torch.

It needs torch and safetensors, not tenfold. Runs of layers become ``nn.Sequential``, two
convolutions with a way around them become ``Residual``; what branches stands in ``forward``.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path
from typing import Any

import safetensors.numpy
import torch
from numpy.typing import NDArray

from tenfold import __version__
from tenfold.export.network import CLASSIFIER, FINDER, Array, Network
from tenfold.export.parity import check
from tenfold.export.runs import Run, Runs
from tenfold.files import MARK
from tenfold.names import plain
from tenfold.signature import STRIP

CLASSES = {CLASSIFIER: "Classifier", FINDER: "Finder"}

RESIDUAL = '''class Residual(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, convolution, width, dilation=1):
        super().__init__()
        self.first = convolution(width, width, 3, padding=dilation, dilation=dilation)
        self.second = convolution(width, width, 3, padding=1)

    def forward(self, x):
        return functional.relu(x + self.second(functional.relu(self.first(x))))


'''


def torch_files(network: Network, name: str) -> tuple[str, bytes, float]:
    """Return a module's source, its weights, and how far its answers are from ONNX Runtime's.

    Parameters
    ----------
    network : Network
    name : str
        The module's name; the weights are to lie beside it as ``NAME.safetensors``.

    Returns
    -------
    str
        The content of ``NAME.py``.
    bytes
        The content of ``NAME.safetensors``.
    float
        The largest difference on a few made-up pictures, of the module loaded from both.

    Raises
    ------
    ModelError
        If the answers differ by more than floats do.
    """
    writer = _Writer(network)
    source = writer.source(name)
    metadata = {"written by": f"tenfold {__version__}", "mark": MARK}
    weights = safetensors.numpy.save(writer.runs.weights, metadata)
    inputs = network.trial()
    answers = _answers(source, weights, name, inputs)
    return source, weights, check(network, inputs, answers, "torch")


def _answers(source: str, weights: bytes, name: str, inputs: NDArray[Any]) -> list[Array]:
    """Load a module and its weights as their user does, and run it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.py"
        path.write_text(source, encoding="utf-8")
        path.with_suffix(".safetensors").write_bytes(weights)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None  # noqa: S101 - a file that was just written
        assert spec.loader is not None  # noqa: S101
        module = importlib.util.module_from_spec(spec)
        before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            spec.loader.exec_module(module)
        finally:
            sys.dont_write_bytecode = before
        with torch.inference_mode():
            given = module.load()(torch.from_numpy(inputs))
    return [each.numpy() for each in (given if isinstance(given, tuple) else (given,))]


class _Writer:
    """Writes a network as source."""

    def __init__(self, network: Network) -> None:
        self.network, self.runs = network, Runs(network)

    def source(self, name: str) -> str:
        """Return the module's source."""
        network = self.network
        kind = CLASSES.get(network.kind, "LineRecogniser")
        temperature = network.info.temperature
        takes, gives, forward = self.forward()
        where = plain(Path(network.where).name)
        head = [
            f'"""{_title(network)}',
            "",
            "    import torch",
            f"    from {name} import load",
            "",
            "    network = load()",
            f"    {gives} = network({takes})",
            "",
            f"Written by tenfold {__version__} from {_quoted(where)}; it needs torch and "
            "safetensors.",
            '"""',
            "",
            "from pathlib import Path",
            "",
            "from safetensors.torch import load_file",
            "from torch import nn",
        ]
        head += ["from torch.nn import functional"] if self.runs.residual else []
        head += ["", f"# {MARK}", f'WEIGHTS = Path(__file__).with_name("{name}.safetensors")']
        if network.kind == CLASSIFIER:
            head += [f"TEMPERATURE = {temperature!r}"]
        head += ["", ""]
        body = [f"class {kind}(nn.Module):", *_describe(network), ""]
        body += ["    def __init__(self):", "        super().__init__()"]
        for step in self.runs.steps:
            if isinstance(step, Run):
                body += [f"        self.{step.name} = nn.Sequential("]
                body += [f"            {module}," for module in step.modules] + ["        )"]
        body += ["", *forward, "", ""]
        tail = [
            "def load(path=WEIGHTS):",
            '    """Return the network with its weights, ready to be asked."""',
            f"    network = {kind}()",
            "    network.load_state_dict(load_file(path))",
            "    return network.eval()",
        ]
        text = "\n".join(head) + "\n" + (RESIDUAL if self.runs.residual else "")
        return text + "\n".join([*body, *tail]) + "\n"

    def forward(self) -> tuple[str, str, list[str]]:
        """Return what the network takes and gives, as written by its user, and ``forward``."""
        network = self.network
        values = {network.input: "x"}
        lines = []
        for step in self.runs.steps:
            if isinstance(step, Run):
                lines.append(f"{step.name} = self.{step.name}({values[step.input]})")
                values[step.output] = step.name
                continue
            names = [values[name] for name in step.inputs]
            values[step.output] = (
                " + ".join(names) if step.kind == "add" else (f"{names[0]}.transpose(1, 2)")
            )
        given = ", ".join(values[name] for name in network.outputs)
        if network.kind != CLASSIFIER:
            shape = f"n, 1, {STRIP}, 128" if network.kind != FINDER else "1, 2, 256, 256"
            body = ["def forward(self, x):", *(f"    {line}" for line in lines)]
            body.append(f"    return {given}")
            takes = f"torch.zeros({shape.replace('n', '4')})"
            return takes, ", ".join(network.outputs), [f"    {line}" for line in body]
        body = ["def forward(self, images):", "    x = images.unsqueeze(1).float() / 255"]
        body += [f"    {line}" for line in lines[:-1]]
        body.append(f"    logits = {lines[-1].partition(' = ')[2]}")
        if network.has_digitness:
            body += [
                "    digitness = 1 - logits.softmax(1)[:, -1]  # the last: no digit",
                "    return (logits[:, :-1] / TEMPERATURE).softmax(1), digitness",
            ]
        else:
            body.append("    return (logits / TEMPERATURE).softmax(1)")
        gives = "probabilities, digitness" if network.has_digitness else "probabilities"
        size = network.info.size
        takes = f"torch.zeros(4, {size}, {size}, dtype=torch.uint8)"
        return takes, gives, [f"    {line}" for line in body]


def _quoted(text: str) -> str:
    """Keep a file's name from ending the string that it stands in."""
    return text.replace("\\", "\\\\").replace('"', "'")


def _title(network: Network) -> str:
    if network.kind == CLASSIFIER:
        return "A network that reads one handwritten character per image."
    if network.kind == FINDER:
        return "A network that finds digits on a page."
    return "A network that reads a line of digits and signs."


def _describe(network: Network) -> list[str]:
    """Return the docstring of the class."""
    if network.kind == CLASSIFIER:
        classes = _quoted(plain(", ".join(network.info.classes)))
        if len(classes) > 50:
            classes = f"{classes[:50]}…"
        size, count = network.info.size, len(network.info.classes)
        lines = [f"Takes uint8 pictures ``(n, {size}, {size})``, white ink on black.", ""]
        lines += [f"Returns probabilities ``(n, {count})`` of {classes}."]
        if network.has_digitness:
            lines[-1:] = [f"{lines[-1][:-1]};", "and how surely it is any of them, ``(n,)``."]
    elif network.kind == FINDER:
        lines = [
            "Takes planes ``(1, 2, h, w)``, h and w multiples of 16, as tenfold.signature.planes",
            "makes them.", "",
            "Returns logits of the kinds of ink ``(1, 5, h / 2, w / 2)``, and of places",
            "``(1, 19, h / 4, w / 4)``: heat, offset x and y in places, log width and height in",
            "pixels, ten digits, four kinds.",
        ]  # fmt: skip
    else:
        lines = [
            f"Takes strips ``(n, 1, {STRIP}, w)`` of mean 0 and spread 1, w a multiple of 4.", "",
            "Returns logits ``(n, w / 2, 21)``: of no character, then of each of",
            f"{_quoted(plain(' '.join(network.info.classes)))}.",
        ]  # fmt: skip
    return [f'    """{lines[0]}', *(f"    {line}".rstrip() for line in lines[1:]), '    """']
