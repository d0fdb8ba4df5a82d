# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Your own pictures
#
# Read a photo of a page, see the confidence of each number, and say what you expect. No training, no torch:
# the networks that read come with tenfold.

# %% tags=["install"]
import importlib.util

if importlib.util.find_spec("tenfold") is None:
    print("tenfold is installed; that takes a minute or two.")
    # %pip install --quiet "../."

# %% [markdown]
# ## Read a page
#
# Half of this sheet lies in shadow. Put the path of your own photo here: JPEG, PNG, HEIC, PDF, dark on
# light or light on dark, any size.

# %%
import tenfold

picture = "../docs/pictures/sample.png"
reading = tenfold.read(picture)
reading

# %% [markdown]
# The text, line by line; two numbers of one line are kept apart:

# %%
print(reading.text)

# %% [markdown]
# ## How sure is it?
#
# Each number has the probability that **all** of it is right: every digit, and none too many or too few.

# %%
for line in reading.lines:
    for number in line.numbers:
        print(f"{number.text:>6}  {number.confidence:.1%}")

# %% [markdown]
# And each digit has its place, left, top, width and height in pixels, and its own confidence. The three
# least confident:

# %%
for digit in sorted(reading.digits, key=lambda each: each.confidence)[:3]:
    print(f"{digit.digit} at {digit.box}: {digit.confidence:.2%}")

# %% [markdown]
# ## Say what you expect
#
# If you know that there is one number of five digits, say so. Then only what fits is read, and the
# runners-up come with their probabilities.

# %%
meter = tenfold.read(picture, expect="5 digits")
print(meter.expected.value)
for value, probability in meter.expected.candidates[:3]:
    print(f"{value}  {probability:.1%}")

# %% [markdown]
# ## Make it hard
#
# Turn the page upside down, add noise, blur it. When does it fail, and does the confidence say so?

# %%
import numpy as np
from PIL import Image, ImageFilter

page = Image.open(picture).convert("L")
random = np.random.default_rng(0)


def noisy(image, amount):
    pixels = np.asarray(image, float) + random.normal(0, amount, (image.height, image.width))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


for name, spoiled in {
    "as it is": page,
    "upside down": page.rotate(180),
    "noise": noisy(page, 25),
    "blur": page.filter(ImageFilter.GaussianBlur(3)),
}.items():
    found = tenfold.read(spoiled)
    numbers = [number for line in found.lines for number in line.numbers]
    print(f"{name:12}", [(number.text, f"{number.confidence:.0%}") for number in numbers])

# %% [markdown]
# Whole folders go through the command line: `tenfold read scans/ --csv > numbers.csv`.
#
# Next: [03-how-good-is-it](03-how-good-is-it.ipynb).
