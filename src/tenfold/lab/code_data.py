"""The lines of the scripts that load, scale, hold out and shuffle."""

from __future__ import annotations

from tenfold.lab.experiment import TRAINING, VALIDATION, Experiment
from tenfold.lab.images import TESTED


def mnist_parts(experiment: Experiment) -> list[str]:
    """Write which of MNIST's images tenfold is to take."""
    return [
        "splits = Splits(",
        f"    splits.train.take(np.arange({experiment.images})),",
        f"    splits.test.take(np.arange({TESTED})),",
        "    own_test=True,",
        ")",
    ]


def imports(experiment: Experiment) -> list[str]:
    """Write what the data needs to be imported."""
    if experiment.data == "digits":
        return ["from sklearn.datasets import load_digits"]
    return ["from tenfold import load_dataset  # for the images alone"]


def load(experiment: Experiment) -> list[str]:
    """Write how images and labels come about as arrays, split in three, scaled or not."""
    if experiment.data == "digits":
        lines = [
            "# 1,797 images of 8×8; the last 200 are the test set",
            "digits = load_digits()",
            "images, labels = digits.images[:-200], digits.target[:-200]",
            "test_images, test_labels = digits.images[-200:], digits.target[-200:]",
        ]
    else:
        count = experiment.images
        lines = [
            f"# The first {count:,} of MNIST's training images, {TESTED:,} of its 10,000 for tests",
            'train, test = load_dataset("mnist"), load_dataset("mnist", "test")',
            f"images, labels = train.images[:{count}], train.labels[:{count}].astype(int)",
            f"test_images, test_labels = test.images[:{TESTED}], "
            f"test.labels[:{TESTED}].astype(int)",
        ]
    training = TRAINING.get(experiment.data, experiment.images)
    held = round(VALIDATION[experiment.data] * training)
    lines += [
        "",
        f"# {held:,} of the others are held out for validation, each digit in proportion",
        "images, val_images, labels, val_labels = train_test_split(",
        f"    images, labels, test_size={held}, random_state=0, stratify=labels",
        ")",
    ]
    if experiment.shuffled:
        lines += [
            "",
            "# Shuffle the training labels: they no longer have anything to do with the images",
            f"labels = np.random.default_rng({experiment.seed}).permutation(labels)",
        ]
    return lines
