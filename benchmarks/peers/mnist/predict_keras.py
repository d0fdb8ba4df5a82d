"""The network of recipe fast in Keras, by ``Model.predict`` on the backend of KERAS_BACKEND."""

from __future__ import annotations

import keras
import numpy as np
from common_mnist import given, pace, report
from keras_fast import network
from numpy.typing import NDArray


def main() -> None:
    """Measure and print the line."""
    job = given()
    model = network()

    def predict(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        probabilities: NDArray[np.float32] = model.predict(
            images[..., None], batch_size=1000, verbose=0
        )
        return probabilities

    report(pace(predict, job.test[0]), ["keras", keras.backend.backend()])


main()
