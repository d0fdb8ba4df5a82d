"""A reading drawn for a notebook: each digit at its place, without the picture itself."""

from __future__ import annotations

import html

from tenfold.reader.reading import Digit, Reading

WIDTH = 480  # pixels of the drawing, at most
ACCEPTED, REFUSED = "#1a7f37", "#8c959f"


def as_html(reading: Reading) -> str:
    """Return the reading's line of words and an SVG drawing with a box for each digit.

    Accepted digits stand in green boxes, refused ones in dashed grey; a box under the pointer tells
    its confidence.
    """
    scale = min(1.0, WIDTH / max(reading.width, 1))
    size = f'width="{reading.width * scale:.0f}" height="{reading.height * scale:.0f}"'
    boxes = "".join(_box(digit) for digit in reading.digits)
    return (
        f"<p>{html.escape(repr(reading))}</p>"
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} '
        f'viewBox="0 0 {reading.width} {reading.height}" style="background: #fff">{boxes}</svg>'
    )


def _box(digit: Digit) -> str:
    x, y, width, height = digit.box
    colour, dashes = (ACCEPTED, "") if digit.accepted else (REFUSED, ' stroke-dasharray="4 3"')
    words = f"{digit.digit}: {digit.confidence:.1%}" + (
        f", {digit.refused}" if digit.refused else ""
    )
    return (
        f"<g><title>{html.escape(words)}</title>"
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="{colour}" '
        f'vector-effect="non-scaling-stroke"{dashes}/>'
        f'<text x="{x + width / 2:g}" y="{y + height / 2:g}" font-size="{max(height * 0.8, 1):g}" '
        f'text-anchor="middle" dominant-baseline="central" fill="{colour}">{digit.digit}</text></g>'
    )
