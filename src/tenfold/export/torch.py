"""A module file that a person can read, and its weights as safetensors: the network in torch.

It needs torch and safetensors, not tenfold. Runs of layers become ``nn.Sequential``, two
convolutions with a way around them become ``Residual``; what branches stands in ``forward``.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import torch
from numpy.typing import NDArray

from tenfold import __version__
from tenfold.export.network import CLASSIFIER, FINDER, Array, Layer, Network
from tenfold.export.parity import check
from tenfold.files import MARK
from tenfold.names import plain
from tenfold.signature import STRIP

CLASSES = {CLASSIFIER: "Classifier", FINDER: "Finder"}
NO_MODULE = ("add", "swap")  # what is written out in ``forward``
NORM = {"weight": "weight", "bias": "bias", "mean": "running_mean", "variance": "running_var"}

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
    weights = safetensors.numpy.save(writer.weights, metadata)
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


@dataclass(slots=True)
class _Chain:
    """Layers that follow each other with nothing between."""

    name: str
    input: str
    output: str
    modules: list[str] = field(default_factory=list)


class _Writer:
    """Writes a network as source; its weights get the names that torch gives them."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.weights: dict[str, Array] = {}
        self.residual = False
        self.uses = Counter(name for layer in network.layers for name in layer.inputs)
        self.uses.update(network.outputs)
        self.users = {name: layer for layer in network.layers for name in layer.inputs}
        self.steps = self.chains()

    def chains(self) -> list[_Chain | Layer]:
        """Part the layers into runs, and what stands between them."""
        steps: list[_Chain | Layer] = []
        layers, at = self.network.layers, 0
        while at < len(layers):
            layer = layers[at]
            block = self.block_at(at)
            if not block and layer.kind in NO_MODULE:
                steps.append(layer)
                at += 1
                continue
            chain = steps[-1] if steps else None
            follows = isinstance(chain, _Chain) and chain.output == layer.inputs[0]
            # A block looks at its input twice, but it is one user.
            if not follows or self.uses[layer.inputs[0]] > (2 if block else 1):
                number = 1 + sum(isinstance(step, _Chain) for step in steps)
                chain = _Chain(f"stage{number}", layer.inputs[0], "")
                steps.append(chain)
            assert isinstance(chain, _Chain)  # noqa: S101
            taken = block or [layer]
            self.add(chain, taken)
            chain.output = taken[-1].output
            at += len(taken)
        found = [step for step in steps if isinstance(step, _Chain)]
        if len(found) == 1:
            for name in list(self.weights):
                self.weights[name.replace("stage1", "layers", 1)] = self.weights.pop(name)
            found[0].name = "layers"
        return steps

    def block_at(self, at: int) -> list[Layer]:
        """Return the layers of a residual block that begins here; none if none does."""
        layers = list(self.network.layers[at : at + 5])
        if [layer.kind for layer in layers] != ["conv", "relu", "conv", "add", "relu"]:
            return []
        first, _, second, add, _ = layers
        start = first.inputs[0]
        shape = first.weights["weight"].shape
        dilation = first.options["dilations"][0]
        axes = len(shape) - 2
        fits = set(add.inputs) == {start, second.output} and set(shape[2:]) == {3}
        fits = fits and shape == second.weights["weight"].shape and shape[0] == shape[1]
        for conv, spread in ((first, dilation), (second, 1)):
            spreads = (conv.options["dilations"], conv.options["pads"])
            fits = fits and all(each == (spread,) * axes for each in spreads)
            fits = fits and conv.options["strides"] == (1,) * axes and conv.options["groups"] == 1
        inner = [layer.output for layer in layers[:-1]]
        return layers if fits and all(self.uses[name] == 1 for name in inner) else []

    def add(self, chain: _Chain, layers: list[Layer]) -> None:
        """Add a layer or a residual block to a run, and name its weights."""
        prefix = f"{chain.name}.{len(chain.modules)}"
        if len(layers) == 1:
            chain.modules.append(_module(layers[0]))
            names = NORM if layers[0].kind == "norm" else {}
            for name, array in layers[0].weights.items():
                self.weights[f"{prefix}.{names.get(name, name)}"] = np.ascontiguousarray(array)
            return
        self.residual = True
        width, axes = layers[0].shape[1], len(layers[0].shape) - 2
        dilation = layers[0].options["dilations"][0]
        spread = f", dilation={dilation}" if dilation > 1 else ""
        chain.modules.append(f"Residual(nn.Conv{axes}d, {width}{spread})")
        for part, layer in (("first", layers[0]), ("second", layers[2])):
            for name, array in layer.weights.items():
                self.weights[f"{prefix}.{part}.{name}"] = np.ascontiguousarray(array)

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
        head += ["from torch.nn import functional"] if self.residual else []
        head += ["", f"# {MARK}", f'WEIGHTS = Path(__file__).with_name("{name}.safetensors")']
        if network.kind == CLASSIFIER:
            head += [f"TEMPERATURE = {temperature!r}"]
        head += ["", ""]
        body = [f"class {kind}(nn.Module):", *_describe(network), ""]
        body += ["    def __init__(self):", "        super().__init__()"]
        for step in self.steps:
            if isinstance(step, _Chain):
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
        text = "\n".join(head) + "\n" + (RESIDUAL if self.residual else "")
        return text + "\n".join([*body, *tail]) + "\n"

    def forward(self) -> tuple[str, str, list[str]]:
        """Return what the network takes and gives, as written by its user, and ``forward``."""
        network = self.network
        values = {network.input: "x"}
        lines = []
        for step in self.steps:
            if isinstance(step, _Chain):
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
                "    digitness = 1 - logits.softmax(1)[:, -1]  # the last logit is that of no digit",
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
        return "A network that reads a handwritten character, one a picture."
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
            f"Takes planes ``(1, 2, h, w)``, h and w multiples of 16, as tenfold.signature.planes",
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


def _module(layer: Layer) -> str:
    """Return how a layer is made in torch."""
    axes = len(layer.shape) - 2
    if layer.kind in ("conv", "conv_transpose"):
        return _convolution(layer, axes)
    if layer.kind == "dense":
        outputs, inputs = layer.weights["weight"].shape
        return f"nn.Linear({inputs}, {outputs})"
    if layer.kind == "norm":
        epsilon = layer.options["epsilon"]
        more = "" if abs(epsilon - 1e-5) < 1e-9 else f", eps={epsilon:g}"
        return f"nn.BatchNorm{axes}d({layer.shape[1]}{more})"
    return {
        "relu": "nn.ReLU()",
        "max_pool": "nn.MaxPool2d(2)",
        "double": "nn.Upsample(scale_factor=2)",
        "flatten": "nn.Flatten()",
        "first_row": "nn.Flatten(1, 2)",
    }[layer.kind]


def _convolution(layer: Layer, axes: int) -> str:
    weight, options = layer.weights["weight"], layer.options
    inputs, outputs = layer.shape[1], weight.shape[0]
    name = f"nn.Conv{axes}d"
    if layer.kind == "conv_transpose":
        outputs, name = weight.shape[1], f"nn.ConvTranspose{axes}d"
    written = [str(inputs), str(outputs), _one(weight.shape[2:])]
    for key, word, usual in (
        ("strides", "stride", 1),
        ("pads", "padding", 0),
        ("dilations", "dilation", 1),
    ):
        if set(options[key]) != {usual}:
            written.append(f"{word}={_one(options[key])}")
    if options["groups"] > 1:
        written.append(f"groups={options['groups']}")
    return f"{name}({', '.join(written)})"


def _one(numbers: tuple[int, ...]) -> str:
    """One number where all are the same, else all of them."""
    return str(numbers[0]) if len({*numbers}) == 1 else str(tuple(numbers))
