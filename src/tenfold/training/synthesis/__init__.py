"""Pictures synthesised from MNIST: other hands, other pens, cameras, and things that are no digits.

From the digit to the picture: `fields` measures MNIST's digits as distances, `hands` changes their
shape, `pens` draws them in MNIST's frame, `cameras` spoils the picture, `doodles` draws what is no
digit, and `pictures` puts a training set together. All randomness comes from one generator.
"""
