"""An experiment as a PyTorch script."""

from __future__ import annotations

from tenfold.lab import code_data
from tenfold.lab.experiment import FULL_INK, WEIGHT_DECAY, Experiment
from tenfold.lab.plan import Layer, plan

LOSSES = {
    "cross-entropy": ["return nn.functional.cross_entropy(logits, targets)"],
    "log-cosh": ["return (logits.softmax(dim=1) - targets).cosh().log().mean()"],
    "mean-squared-error": ["return (logits.softmax(dim=1) - targets).square().mean()"],
    "kl-divergence": [
        "log_p = logits.log_softmax(dim=1)",
        'return nn.functional.kl_div(log_p, targets, reduction="batchmean")',
    ],
    "focal": [
        "log_p = logits.log_softmax(dim=1)",
        "return -(targets * (1 - log_p.exp()) ** 2 * log_p).sum(dim=1).mean()",
    ],
}
SWAP = [
    "class Swap(nn.Module):",
    '    """Take height for channels, as the original tutorial\'s second layer does."""',
    "",
    "    def forward(self, x):",
    "        return x.permute(0, 3, 1, 2)",
    "",
    "",
]


def script(experiment: Experiment) -> str:
    """Return the whole script."""
    pip = "torch scikit-learn" + (" 'tenfold[train]'" if experiment.data == "mnist" else "")
    lines = ['"""A digit recogniser in PyTorch, as set in tenfold lab.', ""]
    lines += [f"pip install {pip}", '"""', ""]
    lines += ["import numpy as np"] if experiment.shuffled else []
    lines += ["import torch", *_sorted_imports(experiment), ""]
    lines += [
        f"epochs, batch, seed = {experiment.epochs}, {experiment.batch}, {experiment.seed}",
        "torch.set_num_threads(1)  # more only wait for each other in so small a network",
        "torch.manual_seed(seed)",
        "",
        *code_data.load(experiment),
        "",
        "",
        *_tensors(experiment),
        *(SWAP if experiment.swapped else []),
        *_network(experiment),
        *_training(experiment),
        *_measuring(),
    ]
    return "\n".join(lines) + "\n"


def _sorted_imports(experiment: Experiment) -> list[str]:
    split = "from sklearn.model_selection import train_test_split"
    data = code_data.imports(experiment)
    torch = "from torch import nn"
    return [*data, split, torch] if experiment.data == "digits" else [split, *data, torch]


def _tensors(experiment: Experiment) -> list[str]:
    scaled = f" / {FULL_INK[experiment.data]}" if experiment.scaled else ""
    why = "scaled to 0–1" if experiment.scaled else "not scaled, on purpose"
    return [
        "def as_tensors(images, labels):",
        f"    # (n, height, width) → (n, 1, height, width), {why}",
        f"    x = torch.tensor(images, dtype=torch.float32).unsqueeze(1){scaled}",
        "    return x, nn.functional.one_hot(torch.tensor(labels), 10).float()",
        "",
        "",
        "x, y = as_tensors(images, labels)",
        "val_x, val_y = as_tensors(val_images, val_labels)",
        "test_x, test_y = as_tensors(test_images, test_labels)",
        "",
        *([""] if experiment.swapped else []),
    ]


def _network(experiment: Experiment) -> list[str]:
    layers = [layer for layer in plan(experiment) if layer.kind not in ("times", "softmax")]
    lines = ["network = nn.Sequential("]
    lines += [f"    {_module(layer)},  # → {_shape(layer)}" for layer in layers]
    lines += [")"]
    if experiment.network == "tutorial":
        lines += [
            "for p in network.parameters():  # start as Keras does: Glorot, zero biases",
            "    nn.init.xavier_uniform_(p) if p.ndim > 1 else nn.init.zeros_(p)",
        ]
    return [*lines, 'print(f"{sum(p.numel() for p in network.parameters()):,} parameters")', ""]


def _shape(layer: Layer) -> str:
    return "(" + ", ".join(["n", *map(str, layer.out)]) + ")"


def _module(layer: Layer) -> str:
    kind, shape = layer.kind, layer.weight
    if kind == "conv":
        more = f", padding={layer.padding}" if layer.padding else ""
        more += "" if layer.bias else ", bias=False"
        return f"nn.Conv2d({shape[1]}, {shape[0]}, 3{more})"
    if kind == "dense":
        return f"nn.Linear({shape[1]}, {shape[0]})"
    if kind == "norm":
        return f"nn.BatchNorm2d({shape[0]})"
    if kind == "dropout":
        return f"nn.Dropout({layer.number:g})"
    plain = {"relu": "nn.ReLU()", "pool": "nn.MaxPool2d(2)", "flatten": "nn.Flatten()"}
    return plain.get(kind, "Swap()")


def _optimizer(experiment: Experiment) -> list[str]:
    rate = f"network.parameters(), lr={experiment.learning_rate:g}"
    if experiment.optimizer == "rmsprop":
        return [
            "# Keras adds epsilon, 1e-7, inside a square root, PyTorch outside: so its root",
            f"optimizer = torch.optim.RMSprop({rate}, alpha=0.9, eps=1e-7**0.5)",
        ]
    named = {
        "sgd": f"SGD({rate}, momentum=0.9, nesterov=True)",
        "adam": f"Adam({rate}, eps=1e-7)",
        "adamw": f"AdamW({rate}, eps=1e-7, weight_decay={WEIGHT_DECAY:g})",
    }
    return [f"optimizer = torch.optim.{named[experiment.optimizer]}"]


def _training(experiment: Experiment) -> list[str]:
    return [
        "",
        "def loss_of(logits, targets):",
        *(f"    {line}" for line in LOSSES[experiment.loss]),
        "",
        "",
        *_optimizer(experiment),
        "for epoch in range(1, epochs + 1):",
        "    total = 0.0",
        "    for rows in torch.randperm(len(x)).split(batch):",
        "        loss = loss_of(network(x[rows]), y[rows])",
        "        optimizer.zero_grad()",
        "        loss.backward()",
        "        optimizer.step()",
        "        total += loss.item() * len(rows)",
        '    print(f"epoch {epoch:3}: loss {total / len(x):.5f}")',
        "",
    ]


def _measuring() -> list[str]:
    return [
        "",
        "def accuracy(x, y):",
        "    with torch.no_grad():",
        "        right = network(x).argmax(dim=1) == y.argmax(dim=1)",
        "    return right.float().mean().item()",
        "",
        "",
        "network.eval()  # no dropout any more",
        'print(f"validation accuracy {accuracy(val_x, val_y):.2%}")',
        'print(f"test accuracy {accuracy(test_x, test_y):.2%}")',
    ]
