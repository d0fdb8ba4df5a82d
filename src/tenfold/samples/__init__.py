"""Labelled pictures as people bring them, made a data set: framed as the reader frames them."""
