"""A ``.keras`` file: the same network of Keras 3's own layers, for any of its backends.

It loads with ``keras.models.load_model`` where tenfold is not installed. A classifier takes bytes
``(n, size, size)`` and gives probabilities; scaling, temperature and softmax are layers of it.
Finder and line recogniser take and give what tenfold's do, with channels last as Keras has them.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.export.network import CLASSIFIER, LINE, Array, Layer, Network
from tenfold.export.parity import check
from tenfold.files import MARK
from tenfold.signature import STRIP

LAST = {"data_format": "channels_last"}


def keras_file(network: Network) -> tuple[bytes, float]:
    """Return the content of a ``.keras`` file, and how far its answers are from ONNX Runtime's.

    Parameters
    ----------
    network : Network

    Returns
    -------
    bytes
    float
        The largest difference on a few made-up pictures, read back from the file.

    Raises
    ------
    ModelError
        If the answers differ by more than floats do.
    """
    # Keras chooses its backend when it is imported, by default one that seldom is installed.
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        _Builder(keras, network).model().save(path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.comment = MARK.encode()
        inputs = network.trial()
        answers = _answers(keras.models.load_model(path), network, inputs)
        return path.read_bytes(), check(network, inputs, answers, "Keras")


def _answers(model: Any, network: Network, inputs: Any) -> list[Array]:
    """Run a Keras model on what ONNX Runtime takes, and return what that would give."""
    from keras import ops

    if network.kind != CLASSIFIER:
        inputs = np.moveaxis(inputs, 1, -1)
    given = model(ops.convert_to_tensor(inputs))
    given = given if isinstance(given, dict) else {network.outputs[0]: given}
    found = {name: ops.convert_to_numpy(value) for name, value in given.items()}
    if network.kind == CLASSIFIER:
        names = ["probabilities", "digitness"] if network.has_digitness else list(found)
        return [found[names[0]], *(found[name].ravel() for name in names[1:])]
    answers = [found[name] for name in network.outputs]
    return answers if network.kind == LINE else [np.moveaxis(each, -1, 1) for each in answers]


class _Builder:
    """Builds Keras layers one after the other; values are channels last."""

    def __init__(self, keras: Any, network: Network) -> None:
        self.keras, self.layers, self.network = keras, keras.layers, network
        self.values: dict[str, Any] = {}
        self.flattened: dict[str, tuple[int, ...]] = {}  # channels, height, width
        self.weights: list[tuple[Any, list[Array]]] = []

    def model(self) -> Any:
        """Return the model with its weights."""
        network = self.network
        inputs = self.start()
        last = network.outputs[0] if network.has_digitness else None
        for layer in network.layers:
            if layer.output != last:
                self.values[layer.output] = self.apply(layer)
        if network.kind == CLASSIFIER:
            outputs = self.probabilities(network.layers[-1])
        else:
            outputs = {name: self.values[name] for name in network.outputs}
            outputs = outputs if len(outputs) > 1 else outputs[network.outputs[0]]
        model = self.keras.Model(inputs, outputs, name=f"tenfold_{network.kind}")
        for layer, arrays in self.weights:
            layer.set_weights(arrays)
        return model

    def start(self) -> Any:
        network, layers = self.network, self.layers
        if network.kind == CLASSIFIER:
            size = network.info.size
            inputs = self.keras.Input((size, size), dtype="uint8", name="images")
            scaled = layers.Rescaling(1 / 255, name="scaling")(inputs)
            self.values[network.input] = layers.Reshape((size, size, 1), name="channel")(scaled)
            return inputs
        shape = (STRIP, None, 1) if network.kind == LINE else (None, None, 2)
        inputs = self.keras.Input(shape, name=network.input)
        self.values[network.input] = inputs
        return inputs

    def apply(self, layer: Layer) -> Any:
        return getattr(self, layer.kind)(layer, *(self.values[name] for name in layer.inputs))

    def probabilities(self, last: Layer) -> Any:
        """Put temperature and softmax behind the logits, and the digitness if there is one."""
        layers, temperature = self.layers, self.network.info.temperature
        cooled = layers.Rescaling(1 / temperature, name="temperature")
        softmax = layers.Softmax(name="probabilities")
        if not self.network.has_digitness:
            return softmax(cooled(self.values[last.output]))
        value = self.values[last.inputs[0]]
        kernel, bias = self.kernel(last), last.weights["bias"]
        digits, other = layers.Dense(len(bias) - 1, name="logits"), layers.Dense(1, name="no_digit")
        self.weights += [
            (digits, [kernel[:, :-1], bias[:-1]]),
            (other, [kernel[:, -1:], bias[-1:]]),
        ]
        logits = digits(value)
        everything = layers.Concatenate(name="with_no_digit")([logits, other(value)])
        # The probabilities of all digits together; a layer of fixed ones sums them.
        total = layers.Dense(1, use_bias=False, trainable=False, name="digitness")
        ones = np.ones((len(bias), 1), np.float32)
        ones[-1] = 0
        self.weights.append((total, [ones]))
        digitness = total(layers.Softmax(name="with_no_digit_probabilities")(everything))
        return {"probabilities": softmax(cooled(logits)), "digitness": digitness}

    def kernel(self, layer: Layer) -> Array:
        """Return a dense layer's kernel; a picture is flattened with its channels last here."""
        weight = layer.weights["weight"]
        if layer.inputs[0] in self.flattened:
            shape = self.flattened[layer.inputs[0]]
            weight = np.moveaxis(weight.reshape(-1, *shape), 1, -1).reshape(len(weight), -1)
        return weight.T

    def conv(self, layer: Layer, value: Any) -> Any:
        weight, options = layer.weights["weight"], layer.options
        pads, axes = options["pads"], weight.ndim - 2
        if any(pads):
            padding = self.layers.ZeroPadding1D if axes == 1 else self.layers.ZeroPadding2D
            value = padding(pads[0] if axes == 1 else pads, **LAST)(value)
        how = {"strides": options["strides"], "dilation_rate": options["dilations"], **LAST}
        if options["groups"] == 1:
            conv = self.layers.Conv1D if axes == 1 else self.layers.Conv2D
            built = conv(len(weight), weight.shape[2:], **how)
            kernel = np.moveaxis(weight, (0, 1), (-1, -2))
        else:  # a kernel of its own for every channel
            built = self.layers.DepthwiseConv2D(weight.shape[2:], **how)
            kernel = np.moveaxis(weight, (0, 1), (-2, -1))
        self.weights.append((built, [kernel, layer.weights["bias"]]))
        return built(value)

    def conv_transpose(self, layer: Layer, value: Any) -> Any:
        weight, options = layer.weights["weight"], layer.options
        conv = self.layers.Conv1DTranspose(
            weight.shape[1], weight.shape[2], strides=options["strides"][0], **LAST
        )
        self.weights.append((conv, [weight.transpose(2, 1, 0), layer.weights["bias"]]))
        return self.layers.Cropping1D(options["pads"][0])(conv(value))

    def norm(self, layer: Layer, value: Any) -> Any:
        norm = self.layers.BatchNormalization(epsilon=layer.options["epsilon"])
        names = ("weight", "bias", "mean", "variance")
        self.weights.append((norm, [layer.weights[name] for name in names]))
        return norm(value)

    def dense(self, layer: Layer, value: Any) -> Any:
        dense = self.layers.Dense(len(layer.weights["weight"]))
        self.weights.append((dense, [self.kernel(layer), layer.weights["bias"]]))
        return dense(value)

    def flatten(self, layer: Layer, value: Any) -> Any:
        self.flattened[layer.output] = layer.shape[1:]
        return self.layers.Flatten(**LAST)(value)

    def relu(self, _layer: Layer, value: Any) -> Any:
        return self.layers.ReLU()(value)

    def max_pool(self, _layer: Layer, value: Any) -> Any:
        return self.layers.MaxPooling2D(2, **LAST)(value)

    def add(self, _layer: Layer, one: Any, other: Any) -> Any:
        return self.layers.Add()([one, other])

    def double(self, _layer: Layer, value: Any) -> Any:
        return self.layers.UpSampling2D(2, interpolation="nearest", **LAST)(value)

    def first_row(self, layer: Layer, value: Any) -> Any:
        return self.layers.Reshape((-1, layer.shape[1]))(value)

    def swap(self, _layer: Layer, value: Any) -> Any:
        """Frames are along the middle axis already where channels come last."""
        return value
