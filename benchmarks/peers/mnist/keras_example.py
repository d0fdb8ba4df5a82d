"""The network of Keras's own MNIST example, keras.io/examples/vision/mnist_convnet."""

from __future__ import annotations

from typing import Any

import keras

layers = keras.layers
BATCH, HELD_OUT = 128, 0.1  # as published


def network() -> Any:
    """Build the example's network, 34,826 weights; takes 0 to 1, (n, 28, 28, 1)."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
