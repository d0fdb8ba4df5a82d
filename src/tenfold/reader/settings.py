"""The reader's few settings, each with its reason; chosen on composed validation pages."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Settings:
    """How the reader works.

    Parameters
    ----------
    sides : tuple of int
        Long sides at which the finder sees a picture: a digit of a hand's size on a page is small
        in the first, one that fills the picture suits the last.
    fine_side, fine_below : int, float
        The largest side, tried only where digits found at the next one are lower than so many
        pixels there, or none was found: it costs as much as all the others together.
    least_score, overlap : float
        The finder's least score of a digit, and the intersection over union of two that are one.
    gap : float
        Digit heights of paper that part a line into pieces read each by itself.
    apart : float
        Digit heights of paper between two numbers of a line: more than a digit's width.
    page_shares : float
        How many digits the shares of kinds on composed pages count as, beside those of the page.
    page_sizes, page_spread : float
        How many digits of each kind a wide range of sizes counts as, and how much wider it is than
        the page's own, as a variance of the height's logarithm.
    kind_trust : float
        Power of the finder's probabilities of kinds: it is surer of them than it should be.
    struck_share : float
        How often digits are struck out, beside the composed pages that the finder learned from.
    views : tuple of (float, float)
        How a piece is shown to the line recogniser: so many times its normal size, and leaning so
        much further to the right. The first is the piece as it is; of the others, those that come
        first help most. A hand that was never seen is a little nearer in one of them.
    settled : float
        Probability of a string from which on the first view is enough.
    line_digits, line_height : int, float
        From so many digits on, and from this share of the picture's height, they are one line.
    beyond : float
        Confidence of a digit beyond those that were found, from which on its line is read further.
    most_columns : int
        Columns of all strips up to which parts are shown in more views, as many as there is room
        for, so that no ordinary picture takes much longer than a second.
    most_shown : int
        Columns of all strips that are shown of a picture at all; of more, the surest are. A page
        of 1,200 digits in numbers of four has 50,000, and the sets of real pictures none above
        42,000, views included.
    least_support : float
        Probability of digit ink that the finder must see where the recogniser reads a digit.
    certain : float
        Probability of a digit by the line recogniser, from which on the finder need not see it.
    sure_mark : float
        Confidence from which on a mark between digits is part of the text.
    in_number : float
        Share of the least confidence that is enough for a digit in a piece with accepted ones: a
        number without its doubtful digit is another number. Cheque amounts decided (4 of 100 more
        are right); on composed pages it makes no difference.
    single_sides, single_score : tuple of int, float
        As `sides` and `least_score`, where one digit is promised: it may fill the picture, and a
        doubtful place is better than none.
    pool, pool_sharpness : tuple of float, float
        Weights of the opinions on a lone digit (the classifier on the ink found, the line
        recogniser, the finder, the classifier on the picture's ink), and how far pooling sharpens
        them.
    join : float
        Weight of the classifier's log-probabilities beside the line recogniser's, for digits in
        lines that stand apart from their neighbours.
    join_digitness : float
        Digitness below which the classifier has nothing to say: its glyph was cut wrongly.
    sure : float
        Confidence from which on nobody else is asked.
    unread : float
        The finder's score of a digit that the line recogniser passed over, from which on the
        classifier is asked about it.
    number : int
        Digits that make a line a number others are measured by.
    weak, weak_alone : float
        A line is none of digits but of marks like them if its mean sureness is below the first
        share, plus the second divided by its length, of that of the page's surest number.
    turn_digits, turn_below, turn_gain : int, float, float
        A page is turned only if so many digits are found then, it reads worse than the second as
        it lies, and better by the third when turned.
    """

    sides: tuple[int, ...] = (768, 384, 192, 96)
    fine_side: int = 1536
    fine_below: float = 16.0
    least_score: float = 0.3
    overlap: float = 0.3
    gap: float = 2.0
    apart: float = 0.75
    page_shares: float = 8.0
    page_sizes: float = 4.0
    page_spread: float = 0.2
    kind_trust: float = 0.6
    struck_share: float = 0.1
    views: tuple[tuple[float, float], ...] = (
        (1.0, 0.0), (0.84, 0.3), (0.84, -0.3), (1.18, 0.3), (1.18, -0.3), (0.84, 0.0), (1.18, 0.0),
        (1.0, 0.3), (1.0, -0.3),
    )  # fmt: skip
    settled: float = 0.9
    line_digits: int = 2
    line_height: float = 0.36
    beyond: float = 0.6
    most_columns: int = 42_000
    most_shown: int = 72_000
    least_support: float = 0.08
    certain: float = 0.9
    sure_mark: float = 0.45
    in_number: float = 0.4
    single_sides: tuple[int, ...] = (768, 384, 192, 96)
    single_score: float = 0.05
    pool: tuple[float, float, float, float] = (1.0, 1.0, 0.4, 1.0)
    pool_sharpness: float = 1.3
    join: float = 0.5
    join_digitness: float = 0.5
    sure: float = 0.995
    unread: float = 0.5
    number: int = 3
    weak: float = 0.5
    weak_alone: float = 0.3
    turn_digits: int = 4
    turn_below: float = 0.62
    turn_gain: float = 0.15

    def for_one_digit(self) -> Settings:
        """Return how the finder looks where one digit is promised."""
        return replace(self, sides=self.single_sides, least_score=self.single_score)


SETTINGS = Settings()
