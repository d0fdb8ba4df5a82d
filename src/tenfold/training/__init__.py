"""The training half: recipes, networks, the loop, and the way out to a model file (needs torch)."""

import os

# OpenMP's threads spin for milliseconds while they wait for one another. Where anything else wants
# a core, the one they wait for is not running, and a step takes a hundred times as long (measured:
# 1.6 s became 170 s beside one busy process on two cores). Not to spin at all costs small networks
# five times their time on an idle machine. So: spin for some microseconds, then sleep. Torch's
# OpenMP reads this when torch is first imported.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")
