"""From any picture to glyphs framed as MNIST's: open, find the ink, segment, normalise."""
