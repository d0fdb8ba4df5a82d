"""Millions of pictures: read by all cores of a machine, or by Ray on many; see docs/scale.md."""

from tenfold.scale.on_ray import read_dataset as read_dataset
from tenfold.scale.run import Progress as Progress
from tenfold.scale.run import read_all as read_all
