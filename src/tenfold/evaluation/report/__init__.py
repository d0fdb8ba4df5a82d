"""The evaluation as one page: self-contained HTML, plots as SVG, digits as PNG."""
