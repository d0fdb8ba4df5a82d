from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import SkipTest

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from tenfold import DigitClassifier, load_model
from tenfold.data.splits import Splits
from tenfold.errors import UsageError
from tenfold.training.recipe import load_recipe

PLAIN = {"augment.shift": 0.0, "augment.rotation": 0.0, "augment.scale": 0.0, "augment.shear": 0.0}
# A small network that learns any rows of numbers fast: scikit-learn's checks are not digits, so
# they must not be turned about, and their rows are seldom square.
ANYTHING = {
    **PLAIN,
    "network.name": "mlp",
    "network.depth": 1,
    "network.hidden": 32,
    "epochs": 20,
    "batch": 16,
    "optimizer.learning_rate": 0.02,
    "loss.label_smoothing": 0.0,
    "threads": 1,
}
QUICK = {**PLAIN, "network.name": "mlp", "epochs": 4, "threads": 1}

# What scikit-learn itself leaves out here, and why; every other check must pass.
LEFT_OUT = {
    "check_array_api_input": "runs only where SCIPY_ARRAY_API is set before SciPy is imported",
    "check_classifier_data_not_an_array": "goes through pandas, which tenfold does not need",
}

Digits = tuple[NDArray[np.float64], NDArray[np.int64]]


@parametrize_with_checks([DigitClassifier(settings=ANYTHING, pad=True)])  # type: ignore[untyped-decorator]
def test_scikit_learns_own_checks(estimator: Any, check: Callable[[Any], None]) -> None:
    try:
        check(estimator)
    except SkipTest:
        name = getattr(check, "func", check).__name__
        assert name in LEFT_OUT, f"{name} was left out for a reason nobody explained"
        pytest.skip(LEFT_OUT[name])


@pytest.fixture(scope="module")
def digits(few: Splits) -> Digits:
    """Three hundred digits as scikit-learn holds them: rows of numbers from 0 to 16."""
    rows = few.train.images.reshape(300, 64) / 255 * 16
    return rows, few.train.targets.astype(np.int64)


def _classifier(**more: Any) -> DigitClassifier:
    return DigitClassifier(settings=QUICK, **more)


@pytest.fixture(scope="module")
def fitted(digits: Digits) -> DigitClassifier:
    """A classifier fitted on those digits."""
    return _classifier().fit(*digits)


def test_verbs_and_attributes(fitted: DigitClassifier, digits: Digits) -> None:
    X, y = digits
    probabilities = fitted.predict_proba(X)
    assert probabilities.shape == (300, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-9)
    predicted = fitted.predict(X)
    assert np.array_equal(predicted, fitted.classes_[probabilities.argmax(axis=1)])
    assert fitted.score(X, y) == np.mean(predicted == y) > 0.8
    assert fitted.classes_.tolist() == list(range(10))
    assert fitted.n_features_in_ == 64
    assert fitted.range_ == (0.0, 16.0)
    assert fitted.recipe_.validation == 0


def test_images_do_as_well_as_rows(fitted: DigitClassifier, digits: Digits) -> None:
    X, y = digits
    images = X.reshape(-1, 8, 8)
    learned = DigitClassifier(settings=QUICK).fit(images, y)
    np.testing.assert_array_equal(learned.predict_proba(images), fitted.predict_proba(X))
    assert learned.score(images, y) == fitted.score(X, y)
    for shaped in (images[..., None], images[:, None]):
        np.testing.assert_array_equal(fitted.predict(shaped), fitted.predict(X))
    with pytest.raises(ValueError, match=r"images of 4×16; give square ones"):
        fitted.predict(X.reshape(-1, 4, 16))


def test_params_are_what_was_given_and_clones_are_unfitted(fitted: DigitClassifier) -> None:
    recipe = load_recipe("digits")
    made = DigitClassifier(recipe, {"epochs": 3}, random_state=7, device="cpu", pad=True)
    assert made.get_params() == {
        "recipe": recipe,
        "settings": {"epochs": 3},
        "random_state": 7,
        "device": "cpu",
        "pad": True,
    }
    copy = clone(made)
    assert copy.get_params() == made.get_params()
    assert made.set_params(pad=False).pad is False
    with pytest.raises(NotFittedError):
        clone(fitted).predict(np.zeros((1, 64)))
    with pytest.raises(NotFittedError):
        clone(fitted).save("never.onnx")


def test_the_same_random_state_gives_the_same_answers(
    fitted: DigitClassifier, digits: Digits
) -> None:
    X, y = digits
    expected = fitted.predict_proba(X)
    assert np.array_equal(_classifier().fit(X, y).predict_proba(X), expected)
    assert not np.array_equal(_classifier(random_state=1).fit(X, y).predict_proba(X), expected)
    states = [np.random.RandomState(3), np.random.RandomState(3)]
    first, second = (_classifier(random_state=s).fit(X, y).predict_proba(X) for s in states)
    assert np.array_equal(first, second)


def test_it_predicts_with_the_averaged_weights(fitted: DigitClassifier, digits: Digits) -> None:
    X, y = digits
    averaged = DigitClassifier(settings=QUICK | {"ema": 0.9}).fit(X, y)
    # Averaging does not change how training goes: with the last step's weights they would be equal.
    assert not np.array_equal(averaged.predict_proba(X), fitted.predict_proba(X))


def test_the_range_of_the_numbers_does_not_matter(fitted: DigitClassifier, digits: Digits) -> None:
    X, y = digits
    shares = _classifier().fit(X / 16 - 0.5, y)
    np.testing.assert_allclose(shares.predict_proba(X / 16 - 0.5), fitted.predict_proba(X))


def test_labels_may_be_words(digits: Digits) -> None:
    X, y = digits
    words = np.array(["zero", "one", "two", "three", "four"])
    rows = y < 5
    named = _classifier().fit(X[rows], words[y[rows]])
    assert named.classes_.tolist() == sorted(words)
    assert named.predict_proba(X[rows]).shape == (rows.sum(), 5)
    assert named.score(X[rows], words[y[rows]]) > 0.8


def test_labels_may_be_one_hot(fitted: DigitClassifier, digits: Digits) -> None:
    X, y = digits
    one_hot = np.eye(10)[y]
    learned = _classifier().fit(X, one_hot)
    assert learned.classes_.tolist() == list(range(10))
    np.testing.assert_array_equal(learned.predict_proba(X), fitted.predict_proba(X))
    assert learned.score(X, one_hot) == fitted.score(X, y)
    assert cross_val_score(_classifier(), X, one_hot, cv=2).mean() > 0.5
    for wrong in (one_hot * 2, np.zeros((300, 10)), one_hot[:, :9]):
        with pytest.raises(ValueError, match=r"y should be a 1d array|multilabel|Unknown label"):
            _classifier().fit(X, wrong)


def test_a_pipeline_and_cross_validation(digits: Digits) -> None:
    pipeline = make_pipeline(MinMaxScaler(clip=True), _classifier())
    scores = cross_val_score(pipeline, *digits, cv=3)
    assert scores.shape == (3,)
    assert scores.mean() > 0.6


def test_a_grid_search_finds_the_better_setting(digits: Digits) -> None:
    grid = {"settings": [QUICK | {"epochs": 1, "optimizer.learning_rate": 1e-9}, QUICK]}
    search = GridSearchCV(_classifier(), grid, cv=2).fit(*digits)
    assert search.best_params_ == {"settings": QUICK}
    assert search.best_score_ > 0.5


def test_single_settings_are_parameters_too(digits: Digits) -> None:
    made = DigitClassifier(settings={"batch": 32, "epochs": 9})
    made.set_params(settings__epochs=3, settings__optimizer__learning_rate=0.1, pad=True)
    assert made.settings == {"batch": 32, "epochs": 3, "optimizer.learning_rate": 0.1}
    assert made.pad
    assert clone(made).settings == made.settings
    made.set_params(settings__batch=8, settings={"epochs": 5})  # the whole first, then its keys
    assert made.settings == {"epochs": 5, "batch": 8}
    learned = DigitClassifier(settings=QUICK).set_params(settings__epochs=2).fit(*digits)
    assert learned.recipe_.epochs == 2
    assert QUICK["epochs"] == 4


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("settings__epoch", "Invalid parameter 'settings__epoch' .*: name, epochs, batch, .*rate"),
        ("setting", r"Invalid parameter 'setting' for estimator.*Valid parameters are.*'settings'"),
    ],
)
def test_unknown_parameters_are_refused_with_the_valid_names(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DigitClassifier().set_params(**{name: 3})


def test_a_grid_search_over_one_setting_in_a_pipeline(digits: Digits) -> None:
    pipeline = make_pipeline(MinMaxScaler(clip=True), _classifier())
    grid = {"digitclassifier__settings__optimizer__learning_rate": [1e-9, 0.01]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(*digits)
    assert list(search.best_params_.values()) == [0.01]
    assert search.best_estimator_[-1].settings == QUICK | {"optimizer.learning_rate": 0.01}


def test_pickling_keeps_the_answers(fitted: DigitClassifier, digits: Digits) -> None:
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - our own
    assert np.array_equal(again.predict_proba(digits[0]), fitted.predict_proba(digits[0]))


def test_a_saved_classifier_opens_as_a_model_file(
    fitted: DigitClassifier, digits: Digits, few: Splits, tmp_path: Path
) -> None:
    X, _ = digits
    path = fitted.save(tmp_path / "mine.onnx")
    model = load_model(path, threads=1)
    np.testing.assert_allclose(
        model.predict_proba(few.train.images), fitted.predict_proba(X), atol=1e-5
    )
    assert model.info.classes == tuple("0123456789")
    assert model.info.data_count == 300
    assert load_recipe(_written(tmp_path / "used.toml", model.info.recipe)) == fitted.recipe_


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize("pixels", [50, 65, 49, 65 * 65])
def test_rows_that_are_no_square_picture_are_refused(pixels: int) -> None:
    X = np.random.default_rng(0).random((6, pixels))
    message = rf"X has {pixels} features, which make no square picture from 8×8 to 64×64\."
    with pytest.raises(ValueError, match=message):
        _classifier().fit(X, [0, 1, 2] * 2)


def test_padding_lays_short_rows_into_a_square() -> None:
    X = np.eye(50)
    padded = DigitClassifier(settings=ANYTHING, pad=True).fit(X, np.arange(50) % 2)
    assert padded.predict(X).shape == (50,)
    assert padded._pictures(X).shape == (50, 8, 8)
    assert not padded._pictures(X).reshape(50, 64)[:, 50:].any()


@pytest.mark.filterwarnings("ignore:The number of unique classes:UserWarning")
def test_too_many_labels_look_like_measurements() -> None:
    with pytest.raises(ValueError, match="300 different labels; a classifier takes up to 256"):
        _classifier().fit(np.zeros((300, 64)), np.arange(300))


def test_wrong_recipes_are_refused_by_name(digits: Digits) -> None:
    with pytest.raises(UsageError, match="recipe 'digit' is not known"):
        DigitClassifier(recipe="digit").fit(*digits)
    with pytest.raises(UsageError, match="Did you mean"):
        DigitClassifier(settings={"epoch": 3}).fit(*digits)
