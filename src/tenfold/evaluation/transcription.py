"""How the reader reads a table of people's own images.

Of what was read, the digits alone are compared. The figure to quote is the mean over sources, so
that no large source drowns the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

from tenfold.decoders import damage_told
from tenfold.errors import TenfoldError
from tenfold.evaluation.encode import HIDDEN
from tenfold.evaluation.metrics.text import by_source, character_error_rate, digits_of, exact_match
from tenfold.evaluation.test_sets import ImageRow
from tenfold.names import shown
from tenfold.reader.networks import LineRecogniser
from tenfold.reader.reader import DEFAULT_MIN_CONFIDENCE, Layout, Reader
from tenfold.reader.reading import Reading


@dataclass(frozen=True, slots=True)
class HowToRead:
    """How the reader reads a table of images.

    Parameters
    ----------
    layout : str or None
        As for `tenfold.Reader`; None is ``"digit"`` for tables with labels, ``"auto"`` for others.
    min_confidence : float
        Digits less probable than this are refused, 0 to 1.
    line : LineRecogniser or None
        None is the bundled one.
    """

    layout: Layout | None = None
    min_confidence: float = DEFAULT_MIN_CONFIDENCE
    line: LineRecogniser | None = None


AS_IT_COMES = HowToRead()


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was read in one image of a table.

    Parameters
    ----------
    row : ImageRow
    text : str
        The digits, ``|`` between lines. In images of one digit the likeliest digit counts, even
        where it was refused as unsure.
    confidence : float
        Of the least sure number, 0 to 1; 0 where nothing was read.
    accepted, refused : int
        Digits that are part of the text, and what could not be read: not what is struck out, nor
        print left out.
    error : str or None
        Why the image could not be opened.
    """

    row: ImageRow
    text: str
    confidence: float
    accepted: int
    refused: int
    error: str | None = None

    @property
    def right(self) -> bool:
        """Whether the whole image was read without a fault."""
        return self.text == self.row.truth

    @property
    def complete(self) -> bool:
        """Whether something was accepted and nothing refused."""
        return self.accepted > 0 and not self.refused


@dataclass(frozen=True, slots=True)
class Source:
    """The figures of one source; see `Transcription`."""

    name: str
    count: int
    accuracy: float
    character_error_rate: float
    accepted: float


@dataclass(frozen=True, slots=True)
class Transcription:
    """How the reader did on a table of images, beyond the exact match over all of them.

    Parameters
    ----------
    mean_over_sources : float
        Mean of the sources' exact matches.
    character_error_rate : float
        Over all characters, as `tenfold.evaluation.metrics.text.character_error_rate` defines it.
    mean_character_error_rate : float
        Mean of the sources' character error rates.
    accepted, accepted_accuracy : float
        Share of images with something accepted and nothing refused, and the exact match of these.
    sources : tuple of Source
        By name.
    transcripts : tuple of Transcript
        One an image, in the table's order.
    """

    mean_over_sources: float
    character_error_rate: float
    mean_character_error_rate: float
    accepted: float
    accepted_accuracy: float
    sources: tuple[Source, ...]
    transcripts: tuple[Transcript, ...] = field(metadata=HIDDEN, repr=False)


def transcribe(reader: Reader, row: ImageRow) -> Transcript:
    """Read an image; one that cannot be opened is read as nothing."""
    try:
        with damage_told(shown(row.file)):
            reading = reader.read(row.file)
    except TenfoldError as error:
        return Transcript(row, "", 0.0, 0, 0, str(error))
    accepted = sum(digit.accepted for digit in reading.digits)
    refused = sum(not digit.accepted and not digit.left_out for digit in reading.digits)
    return Transcript(row, *_text(reading, row), accepted, refused)


def _text(reading: Reading, row: ImageRow) -> tuple[str, float]:
    """Return the digits alone and how sure the least sure number is."""
    if row.single and not reading.text and len(reading.digits) == 1:
        return str(reading.digits[0].digit), reading.digits[0].confidence
    numbers = [number.confidence for line in reading.lines for number in line.numbers]
    return digits_of("\n".join(line.text for line in reading.lines)), min(numbers, default=0.0)


def summarise(transcripts: Sequence[Transcript]) -> Transcription:
    """Put the figures of all images of a table together."""
    columns = (
        [each.row.source for each in transcripts],
        [each.row.truth for each in transcripts],
        [each.text for each in transcripts],
    )
    exact = by_source(exact_match, *columns)
    errors = by_source(character_error_rate, *columns)
    counts = Counter(columns[0])
    complete = Counter(each.row.source for each in transcripts if each.complete)
    accepted = [each.right for each in transcripts if each.complete]
    return Transcription(
        mean_over_sources=fmean(exact.values()),
        character_error_rate=character_error_rate(*columns[1:]),
        mean_character_error_rate=fmean(errors.values()),
        accepted=len(accepted) / len(transcripts),
        accepted_accuracy=fmean(accepted) if accepted else 0.0,
        sources=tuple(
            Source(name, counts[name], exact[name], errors[name], complete[name] / counts[name])
            for name in exact
        ),
        transcripts=tuple(transcripts),
    )
