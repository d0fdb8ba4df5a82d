"""Composed strips and pages: what the finder and the line recogniser learn from."""
