"""What a number may be: constraints in words, as automata that the decoding follows."""

from tenfold.reader.expect.automaton import Arcs, Automaton
from tenfold.reader.expect.checksums import CHECKSUMS
from tenfold.reader.expect.expect import Expect
from tenfold.reader.expect.values import read_values

__all__ = ["CHECKSUMS", "Arcs", "Automaton", "Expect", "read_values"]
