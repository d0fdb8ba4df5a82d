"""A plain Keras fit: one epoch to warm up, one timed."""

from __future__ import annotations

import time

import keras
from common_mnist import BATCH, PICTURES, given, report
from keras_fast import network


def main() -> None:
    """Measure and print the line."""
    job = given()
    keras.utils.set_random_seed(job.seed)
    images = job.train[0][:PICTURES, ..., None].astype("float32")
    targets = keras.utils.to_categorical(job.train[1][:PICTURES], 10)
    model = network()
    model.compile(loss="categorical_crossentropy", optimizer="adam")
    model.fit(images, targets, batch_size=BATCH, epochs=1, verbose=0)
    start = time.perf_counter()
    model.fit(images, targets, batch_size=BATCH, epochs=1, verbose=0)
    rate = PICTURES / (time.perf_counter() - start)
    report({"images_per_second": rate}, ["keras", keras.backend.backend()])


main()
