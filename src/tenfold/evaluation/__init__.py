"""Measure a model file on labelled data."""
