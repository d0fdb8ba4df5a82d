"""The training half: recipes, networks, the loop, and the way out to a model file (needs torch)."""
