"""Pictures synthesised from MNIST: other hands, other pens, and things that are no digits.

From the digit to the image: `distances` measures MNIST's digits, `variants` changes their shape,
`pens` draws them in MNIST's frame, `non_digits` draws what is none, and `training_set` puts it all
together, spoilt as cameras would by `tenfold.synthesis.degrade`. One seed decides all. Whole
batches are drawn at once, with torch.
"""
