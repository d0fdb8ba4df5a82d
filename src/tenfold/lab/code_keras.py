"""An experiment as a Keras 3 script, on PyTorch or any other backend."""

from __future__ import annotations

from tenfold.lab import code_data
from tenfold.lab.experiment import FULL_INK, WEIGHT_DECAY, Experiment
from tenfold.lab.plan import Layer, plan

LOSSES = {
    "cross-entropy": '"categorical_crossentropy"',
    "log-cosh": '"log_cosh"',
    "mean-squared-error": '"mean_squared_error"',
    "kl-divergence": '"kl_divergence"',
    "focal": "keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=2.0)",
}


def script(experiment: Experiment) -> str:
    """Return the whole script."""
    pip = "keras torch scikit-learn" + (" 'tenfold[train]'" if experiment.data == "mnist" else "")
    split = "from sklearn.model_selection import train_test_split"
    data = code_data.imports(experiment)
    lines = [
        '"""A digit recogniser in Keras 3, as set in tenfold lab.',
        "",
        f"pip install {pip}",
        '"""',
        "",
        "import os",
        "",
        'os.environ.setdefault("KERAS_BACKEND", "torch")  # or "jax" or "tensorflow"',
        "",
        "import keras",
        "import numpy as np",
        "from keras import layers",
        *([*data, split] if experiment.data == "digits" else [split, *data]),
        "",
        f"keras.utils.set_random_seed({experiment.seed})",
        "",
        *code_data.load(experiment),
        "",
        "",
        *_arrays(experiment),
        *_network(experiment),
        "model.summary()",
        "model.compile(",
        f"    loss={LOSSES[experiment.loss]},",
        f"    optimizer=keras.optimizers.{_optimizer(experiment)},",
        '    metrics=["accuracy"],',
        ")",
        "model.fit(",
        f"    x, y, batch_size={experiment.batch}, epochs={experiment.epochs},",
        "    validation_data=(val_x, val_y), verbose=2,",
        ")",
        "loss, accuracy = model.evaluate(test_x, test_y, verbose=0)",
        'print(f"test accuracy {accuracy:.2%}")',
    ]
    return "\n".join(lines) + "\n"


def _arrays(experiment: Experiment) -> list[str]:
    scaled = f" / {FULL_INK[experiment.data]}" if experiment.scaled else ""
    why = "scaled to 0–1" if experiment.scaled else "not scaled, on purpose"
    axis, shape = ("1", "(n, 1, height, width)") if experiment.swapped else (
        "-1", "(n, height, width, 1)"
    )  # fmt: skip
    return [
        "def as_arrays(images, labels):",
        f"    # (n, height, width) → {shape}, {why}",
        f'    x = np.expand_dims(images, {axis}).astype("float32"){scaled}',
        "    return x, keras.utils.to_categorical(labels, 10)",
        "",
        "",
        "x, y = as_arrays(images, labels)",
        "val_x, val_y = as_arrays(val_images, val_labels)",
        "test_x, test_y = as_arrays(test_images, test_labels)",
        "",
    ]


def _network(experiment: Experiment) -> list[str]:
    size = experiment.size
    shape = f"(1, {size}, {size})" if experiment.swapped else f"({size}, {size}, 1)"
    lines = ["model = keras.Sequential(", "    [", f"        layers.Input({shape}),"]
    convolutions = 0
    for layer in plan(experiment):
        if layer.kind in ("times", "swap"):
            continue
        more = ""
        if layer.kind == "conv":
            convolutions += 1
            if experiment.swapped and convolutions == 1:
                more = ', data_format="channels_first"'  # the original's mistake
        lines.append(f"        {_layer(layer, more)},")
        if more:
            lines.append("        # from here on every layer looks for channels last: swapped")
    return [*lines, "    ]", ")"]


def _layer(layer: Layer, more: str) -> str:
    kind = layer.kind
    if kind == "conv":
        more += ', padding="same"' if layer.padding else ""
        more += "" if layer.bias else ", use_bias=False"
        return f"layers.Conv2D({layer.weight[0]}, 3{more})"
    if kind == "dense":
        return f"layers.Dense({layer.weight[0]})"
    if kind == "dropout":
        return f"layers.Dropout({layer.number:g})"
    plain = {
        "norm": "layers.BatchNormalization()",
        "relu": "layers.ReLU()",
        "pool": "layers.MaxPooling2D()",
        "flatten": "layers.Flatten()",
    }
    return plain.get(kind, "layers.Softmax()")


def _optimizer(experiment: Experiment) -> str:
    rate = f"learning_rate={experiment.learning_rate:g}"
    return {
        "sgd": f"SGD({rate}, momentum=0.9, nesterov=True)",
        "rmsprop": f"RMSprop({rate}, rho=0.9)",
        "adam": f"Adam({rate})",
        "adamw": f"AdamW({rate}, weight_decay={WEIGHT_DECAY:g})",
    }[experiment.optimizer]
