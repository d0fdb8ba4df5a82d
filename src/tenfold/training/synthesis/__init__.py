"""Pictures synthesised from MNIST: other hands, other pens, and things that are no digits.

From the digit to the picture: `fields` measures MNIST's digits as distances, `hands` changes their
shape, `pens` draws them in MNIST's frame, `doodles` draws what is no digit, and `pictures` puts a
training set together, spoilt as cameras would by `tenfold.synthesis.degrade`. One seed decides all.
"""
