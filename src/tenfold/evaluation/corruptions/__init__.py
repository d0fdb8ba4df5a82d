"""Fifteen ways in which pictures go bad, each in five steps, the same on every run."""
