"""The tutorial in Keras 3, on the backend that KERAS_BACKEND names.

As the tutorial prints it, with what no longer runs put right. Keras's defaults otherwise:
pictures with the channel last, compilation as Keras chooses, and no progress bar.
"""

from __future__ import annotations

from typing import Any

import keras
from common_fit import Clock, arguments, digits, report

layers = keras.layers


def network() -> Any:
    """Build the tutorial's network, 53,002 weights."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def main() -> None:
    """Train, evaluate and print the line."""
    epochs, seed = arguments()
    (images, targets), (test_images, test_targets) = digits()
    keras.utils.set_random_seed(seed)
    model = network()
    if model.count_params() != 53_002:
        raise SystemExit(f"{model.count_params()} weights are not the tutorial's 53,002")
    model.compile(
        loss="log_cosh",
        optimizer=keras.optimizers.RMSprop(learning_rate=0.001, rho=0.9, epsilon=1e-7),
        metrics=["accuracy"],
    )
    clock = Clock()
    ticking = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: clock.tick())  # noqa: ARG005
    model.fit(
        images[..., None], targets, batch_size=10, epochs=epochs, verbose=0, callbacks=[ticking]
    )
    loss, accuracy = model.evaluate(test_images[..., None], test_targets, verbose=0)
    backend = keras.backend.backend()
    report(clock, float(accuracy), float(loss), ["keras", backend], "as it comes")


main()
