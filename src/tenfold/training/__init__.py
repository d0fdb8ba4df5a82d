"""The training half: recipes, networks, the loop, and the way out to a model file (needs torch)."""

import os

# OpenMP's threads spin while they wait for one another. When anything else wants a core, the one
# they wait for is not running, and a step takes a hundred times as long (measured: 1.6 s became
# 170 s beside one busy process on two cores). Torch reads this when it is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
