"""scikit-learn's verbs over tenfold's training: ``fit``, ``predict``, ``predict_proba``, ``score``.

For pipelines, cross-validation and grid searches. Rows of numbers go in as scikit-learn holds them,
whatever their range; they become square pictures of bytes here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from tenfold.data.dataset import DIGITS, MAX_SIZE, MIN_SIZE, Dataset
from tenfold.files import write_whole
from tenfold.modelinfo import ModelInfo
from tenfold.training.export import export
from tenfold.training.loop import BLOCK, Training, fit
from tenfold.training.machine import Device, pick_device, threads
from tenfold.training.networks import count_parameters, scale
from tenfold.training.recipe import Recipe
from tenfold.training.run import choose_recipe
from tenfold.training.runfolder import versions

_SETTING = "settings__"


class DigitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A digit classifier with scikit-learn's interface.

    Parameters
    ----------
    recipe : str, Path, Recipe or None, default=None
        A built-in recipe's name, a TOML file or a recipe; None takes the one for the pictures'
        size. Its validation set is not held out: scikit-learn's tools split for themselves.
    settings : mapping or None, default=None
        Changes to the recipe by dotted key, such as ``{"epochs": 10}``. ``set_params`` and grid
        searches reach each as ``settings__epochs``, ``settings__optimizer__learning_rate``.
    random_state : int, RandomState or None, default=0
        Decides first weights, order and augmentation.
    device : {"auto", "cpu", "cuda"}, default="auto"
        Where to compute.
    pad : bool, default=False
        Lay rows whose length is no square into the smallest square that holds them, the rest
        empty, instead of refusing them.

    Attributes
    ----------
    classes_ : array, shape (classes,)
        The labels seen in ``fit``, sorted.
    n_features_in_ : int
        Pixels of a picture.
    network_ : torch.nn.Module
        The trained network.
    range_ : pair of float
        Least and greatest value seen in ``fit``: paper and full ink.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from tenfold import DigitClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = DigitClassifier(settings={"epochs": 3}).fit(X[:1597], y[:1597])
    >>> clf.score(X[1597:], y[1597:]) > 0.9
    True
    """

    def __init__(
        self,
        recipe: str | Path | Recipe | None = None,
        settings: Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = 0,
        device: Device = "auto",
        pad: bool = False,
    ) -> None:
        self.recipe = recipe
        self.settings = settings
        self.random_state = random_state
        self.device = device
        self.pad = pad

    def set_params(self, **params: Any) -> Self:
        """Set parameters, and single keys of ``settings`` as ``settings__KEY``.

        Raises
        ------
        ValueError
            If there is no such parameter or no such key in a recipe.

        Examples
        --------
        >>> DigitClassifier().set_params(settings__epochs=3).settings
        {'epochs': 3}
        """
        single = {name: value for name, value in params.items() if name.startswith(_SETTING)}
        super().set_params(**{name: params[name] for name in params if name not in single})
        known = Recipe.known_keys()
        changes = {}
        for name, value in single.items():
            key = name.removeprefix(_SETTING).replace("__", ".")
            if key not in known:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {type(self).__name__}. "
                    f"After {_SETTING!r} comes a key of the recipe, with __ for its dot: "
                    f"{', '.join(each.replace('.', '__') for each in known)}."
                )
            changes[key] = value
        if changes:
            self.settings = {**(self.settings or {}), **changes}
        return self

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803 - scikit-learn's name
        """Train on labelled pictures.

        Parameters
        ----------
        X : array, shape (n, pixels), (n, side, side), (n, side, side, 1) or (n, 1, side, side)
            One picture per row, or as images; more meaning more ink, any range.
        y : array, shape (n,) or (n, 10)
            Their labels; or rows that are one-hot, a single 1 each at the place of the digit.

        Raises
        ------
        ValueError
            If rows are no square pictures from 8×8 to 64×64 (and ``pad`` is off), or as
            scikit-learn's own checks say.
        """
        values, targets = validate_data(self, _rows(X), _labels(y), dtype=np.float64)
        check_classification_targets(targets)
        self.classes_, labels = np.unique(targets, return_inverse=True)
        if len(self.classes_) > 256:
            raise ValueError(
                f"y has {len(self.classes_)} different labels; a classifier takes up to 256. "
                "Are these continuous values (Unknown label type)?"
            )
        self.range_ = float(values.min()), float(values.max())
        if not math.isfinite(self.range_[1] - self.range_[0]):
            raise ValueError("X spans more than a float can hold; scale it down.")
        names = tuple(str(name) for name in self.classes_)
        images = self._pictures(values)
        data = Dataset(images, labels.astype(np.uint8), "fit", "train", names)
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(2**31)
        recipe = choose_recipe(self.recipe, data.size, self.settings, int(seed))
        self.recipe_ = recipe.replace({"validation": 0.0})
        with threads(recipe.threads), torch.random.fork_rng():
            training = Training(self.recipe_, data, None, pick_device(self.device))
            fit(training)
            with training.result() as network:
                self.network_ = network.cpu()
        self.network_.eval()
        self._fitted = (data.fingerprint(), len(data))
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """Return class probabilities, shape (n, classes); each row sums to 1.

        Takes rows or images, as ``fit`` does.
        """
        check_is_fitted(self, "network_")
        values = validate_data(self, _rows(X), dtype=np.float64, reset=False)
        pictures = torch.from_numpy(self._pictures(values))
        with torch.inference_mode():
            logits = [self.network_(scale(chunk)) for chunk in torch.split(pictures, BLOCK)]
            probabilities: NDArray[np.float64] = torch.cat(logits).double().softmax(dim=1).numpy()
        return probabilities

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """Return the most probable label of each picture, shape (n,)."""
        probabilities = self.predict_proba(X)
        predicted: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
        return predicted

    def score(
        self,
        X: ArrayLike,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Return the accuracy on labelled pictures; takes what ``fit`` does."""
        return float(super().score(X, _labels(y), sample_weight))

    def save(self, path: str | Path) -> Path:
        """Write a model file that `tenfold.load_model` opens without torch; return its path."""
        check_is_fitted(self, "network_")
        fingerprint, count = self._fitted
        info = ModelInfo(
            classes=tuple(str(name) for name in self.classes_),
            size=self._side(self.n_features_in_),
            data="DigitClassifier.fit",
            data_count=count,
            data_fingerprint=fingerprint,
            recipe=self.recipe_.to_toml(),
            seed=self.recipe_.seed,
            versions=versions(),
            parameters=count_parameters(self.network_),
        )
        return write_whole(path, export(self.network_, info))

    def _pictures(self, values: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Turn rows of numbers into pictures of bytes, shape (n, side, side)."""
        low, high = self.range_
        shares = ((values - low) / ((high - low) or 1.0)).clip(0, 1)
        side = self._side(values.shape[1])
        pixels = np.zeros((len(values), side * side), np.uint8)
        pixels[:, : values.shape[1]] = np.rint(shares * 255)
        return pixels.reshape(-1, side, side)

    def _side(self, pixels: int) -> int:
        side = math.ceil(math.sqrt(pixels))
        if self.pad and side <= MAX_SIZE:
            return max(side, MIN_SIZE)
        if side * side != pixels or not MIN_SIZE <= side <= MAX_SIZE:
            raise ValueError(
                f"X has {pixels} features, which make no square picture from {MIN_SIZE}×{MIN_SIZE} "
                f"to {MAX_SIZE}×{MAX_SIZE}. Give one picture per row, or pad=True to fill rows up."
            )
        return side


def _labels(y: ArrayLike) -> ArrayLike:
    """Return the digits of rows that are one-hot, ``(n,)``; leave all else alone."""
    rows = np.asarray(y)
    if rows.ndim != 2 or rows.shape[1] != len(DIGITS) or rows.dtype.kind not in "biuf":
        return y
    if not (((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all()):
        return y
    digits: NDArray[np.int64] = rows.argmax(axis=1)
    return digits


def _rows(X: ArrayLike) -> ArrayLike:  # noqa: N803
    """Lay images, with or without an axis of one channel, out as rows; leave all else alone."""
    if getattr(X, "ndim", 2) not in (3, 4):
        return X
    images = np.asarray(X)
    if images.ndim == 4:
        if 1 not in (images.shape[1], images.shape[3]):
            return X
        images = images[:, 0] if images.shape[1] == 1 else images[..., 0]
    count, height, width = images.shape
    if height != width:
        raise ValueError(f"X holds images of {height}×{width}; give square ones, (n, side, side).")
    return images.reshape(count, height * width)
