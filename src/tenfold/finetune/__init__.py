"""A reader adapted to somebody's samples, and held to what it could do before."""
