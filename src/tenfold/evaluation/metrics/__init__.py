"""The figures of an evaluation: one function a metric, from arrays or texts to numbers."""
