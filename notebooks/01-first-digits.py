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
# # First digits
#
# Look at 1,797 handwritten digits, train a network on most of them in a few seconds, and see what it
# gets wrong on the rest.

# %% tags=["install"]
import importlib.util

if importlib.util.find_spec("tenfold") is None:
    print("tenfold is installed; that takes a minute or two.")
    # %pip install --quiet "../.[train]"

# %% [markdown]
# ## Look
#
# Before anything else: is the data what you think it is? scikit-learn brings these digits; nothing is
# downloaded. Each is an image of 8×8 pixels: 0 is paper, 255 is full ink.

# %%
import tenfold

train = tenfold.load_dataset("digits")
test = tenfold.load_dataset("digits", "test")
train

# %% [markdown]
# The last 200 are the **test set**: the network never sees them while it learns. Is each digit about as
# frequent as the others?

# %%
print("training set:", train.counts())
print("test set:    ", test.counts())

# %% [markdown]
# ## Train
#
# One line. The *recipe* `digits` holds every choice: a small convolutional network, shifted and rotated
# digits (augmentation), 36 epochs.

# %%
run = tenfold.train("digits")
run

# %% [markdown]
# Above: the learning curve, then the **confusion matrix** (the row is the true label, the column the
# predicted one), then every misclassified test image with true → predicted label and confidence. Would
# you have read them correctly?
#
# With 200 images an accuracy is not exact. The 95 % interval says what it may be on many more:

# %%
low, high = run.evaluation.interval
print(f"accuracy {run.evaluation.accuracy:.1%}, 95 % interval {low:.1%} to {high:.1%}")

# %% [markdown]
# ## Predict
#
# What was trained is one file, which opens without torch. Its layers, and how many parameters each has:

# %%
model = tenfold.load_model(run.model)
model.summary()

# %%
predicted = model.predict(test.images[:10])
print("predicted", predicted)
print("true     ", test.labels[:10])

# %% [markdown]
# For each image the model gives ten probabilities. The one it is least confident about:

# %%
probabilities = model.predict_proba(test.images)
hardest = probabilities.max(axis=1).argmin()
print("true label", test.labels[hardest])
for digit in probabilities[hardest].argsort()[::-1][:3]:
    print(f"{digit}: {probabilities[hardest, digit]:.1%}")
test.take([hardest]).show()

# %% [markdown]
# ## Change something
#
# Any choice of the recipe can be changed by its name. What do fewer epochs cost? What does another loss
# do? Try your own.

# %%
short = tenfold.train("digits", settings={"epochs": 5})
print(f"36 epochs {run.evaluation.accuracy:.1%}, 5 epochs {short.evaluation.accuracy:.1%}")

# %% [markdown]
# Be careful with conclusions: you have now looked at the test set twice, and two runs that differ by one
# or two images of 200 do not differ. The third notebook says how to tell.
#
# Next: [02-your-own-pictures](02-your-own-pictures.ipynb).
