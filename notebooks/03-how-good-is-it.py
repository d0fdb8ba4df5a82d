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
# # How good is it?
#
# "99 %" is where the questions begin. How exact is that figure? Does the confidence mean what it says?
# What does the model answer to something that is not a digit? And is this model better than that one?

# %% tags=["install"]
import importlib.util

if importlib.util.find_spec("tenfold") is None:
    print("tenfold is installed; that takes a minute or two.")
    # %pip install --quiet "../.[train]"

# %%
import numpy as np
import tenfold

run = tenfold.train("digits", settings={"epochs": 12})
found = tenfold.evaluate(run.model, "digits", sections=["calibration", "out-of-distribution"])
found

# %% [markdown]
# ## How exact is the accuracy?
#
# 200 images are few. Flip the same coin again: if the true accuracy were what we measured, what would
# other test sets of 200 show?

# %%
random = np.random.default_rng(0)
others = random.binomial(found.count, found.accuracy, 10_000) / found.count
low, high = found.interval
print(f"measured         {found.accuracy:.1%}")
print(f"95 % interval    {low:.1%} to {high:.1%}")
print(f"other test sets  {np.quantile(others, 0.025):.1%} to {np.quantile(others, 0.975):.1%}")

# %% [markdown]
# ## Is its confidence honest?
#
# Of the answers given with 80 % confidence, 80 % should be right. The expected calibration error is how
# far off that is on average:

# %%
calibration = found.calibration.of_file
print(f"expected calibration error {calibration.error:.1%}")
for each in calibration.bins:
    print(f"{each.count:4} answers of about {each.confidence:.0%}: {each.accuracy:.0%} correct")

# %% [markdown]
# Confidence pays: leave the least confident answers to a person, and fewer errors remain.

# %%
for risk in found.risk:
    print(f"most confident {risk.coverage:4.0%}: {risk.wrong} of {risk.count} wrong")

# %% [markdown]
# ## What if it is not a digit?
#
# A classifier of ten digits has no eleventh answer. Shown letters, symbols or noise, is it at least less
# confident than with digits? AUROC 1: always. 0.5: no better than chance.

# %%
for each in found.out_of_distribution:
    print(f"{each.kind:12} AUROC {each.auroc:.3f}, mean confidence {each.mean_confidence:.0%}")

# %% [markdown]
# ## Is it better than another?
#
# A model with fewer epochs, measured on the same images. What counts are the images that only one of the
# two has right; McNemar's test says how easily chance alone brings that about.

# %%
less = tenfold.train("digits", settings={"epochs": 2})
other = tenfold.load_model(less.model)
against = tenfold.evaluate(run.model, "digits", other=other).comparison
print(f"12 epochs {found.accuracy:.1%}, 2 epochs {against.accuracy:.1%}")
print(f"only the first right: {against.test.only_first_right} images")
print(f"only the second right: {against.test.only_second_right} images")
print(f"p = {against.test.p:.2g}")

# %% [markdown]
# The same from the command line, with corruptions, occlusion maps and a page to send around:
# `tenfold evaluate model.onnx --data digits --report report.html`, with the path that `run.model` holds.
