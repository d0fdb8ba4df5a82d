"""Data sets: from a name or a path to labelled pictures in memory."""
