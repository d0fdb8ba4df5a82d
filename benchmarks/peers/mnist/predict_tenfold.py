"""The model file through tenfold: ONNX Runtime."""

from __future__ import annotations

from common_mnist import given, pace, report

from tenfold import load_model


def main() -> None:
    """Measure and print the line."""
    job = given()
    model = load_model(job.model, threads=job.cores)
    report(pace(model.predict_proba, job.test[0]), ["tenfold", "onnxruntime"])


main()
