"""Keras's own MNIST example (keras.io/examples/vision/mnist_convnet) until 99 % of the test set.

Network, optimizer, batch and validation split as printed there; it stops at the first epoch whose
test accuracy is 99 %, which the example itself would not know of.
"""

from __future__ import annotations

import keras
import numpy as np
from common_mnist import Race, given
from keras_example import BATCH, HELD_OUT, network


def main() -> None:
    """Train until the goal and print the line."""
    job = given()
    keras.utils.set_random_seed(job.seed)
    images = (job.train[0].astype("float32") / 255)[..., None]
    test_images = (job.test[0].astype("float32") / 255)[..., None]
    targets = keras.utils.to_categorical(job.train[1], 10)
    model = network()
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    # Traced before the clock starts.
    model.predict(test_images[:BATCH], batch_size=BATCH, verbose=0)
    race = Race(job.limit)

    def end_epoch(epoch: int, logs: object) -> None:  # noqa: ARG001
        race.stop()
        said = model.predict(test_images, batch_size=1000, verbose=0).argmax(axis=1)
        model.stop_training = not race.go_on(float(np.mean(said == job.test[1])))

    model.fit(
        images,
        targets,
        batch_size=BATCH,
        epochs=job.limit,
        validation_split=HELD_OUT,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=end_epoch)],
    )
    race.report(["keras", keras.backend.backend()])


main()
