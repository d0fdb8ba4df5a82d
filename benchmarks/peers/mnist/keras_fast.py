"""The network of recipe fast in Keras."""

from __future__ import annotations

from typing import Any

import keras

layers = keras.layers


def network() -> Any:
    """Build the network, 44,658 weights that are learned; takes bytes, (n, 28, 28, 1)."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(24, 5, strides=2, use_bias=False),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(48, 3, padding="same", use_bias=False),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(64, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
