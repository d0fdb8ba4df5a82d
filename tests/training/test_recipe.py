from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.errors import UsageError
from tenfold.training.recipe import (
    Recipe,
    built_in_path,
    built_in_recipes,
    load_any,
    load_recipe,
    parse_any,
    parse_recipe,
    parse_settings,
)
from tenfold.training.recipe_sections import (
    LOSSES,
    OPTIMIZERS,
    NetworkName,
    ScheduleName,
    Synthesis,
)

_fraction = st.floats(0, 0.99)
_positive = st.floats(1e-9, 1e3)
_not_negative = st.floats(0, 1e3)
_count = st.integers(1, 10_000)

RECIPES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.from_regex(r"[^/\\\x00-\x1f]{1,20}", fullmatch=True),
        "epochs": _count,
        "batch": _count,
        "validation": st.floats(0, 0.5),
        "precision": st.sampled_from(["float32", "bfloat16"]),
        "channels_last": st.booleans(),
        "fast_path": st.booleans(),
        "ema": _fraction,
        "threads": st.integers(0, 64),
        "seed": st.integers(0, 2**32 - 1),
        "network": st.fixed_dictionaries(
            {"name": st.sampled_from(get_args(NetworkName))},
            optional={"channels": st.lists(_count, min_size=1, max_size=6), "dropout": _fraction},
        ),
        "loss": st.fixed_dictionaries(
            {"name": st.sampled_from(LOSSES)},
            optional={"label_smoothing": _fraction, "gamma": _not_negative},
        ),
        "optimizer": st.fixed_dictionaries(
            {"name": st.sampled_from(OPTIMIZERS)},
            optional={
                "learning_rate": _positive,
                "betas": st.tuples(_fraction, _fraction),
                "epsilon": _positive,
            },
        ),
        "schedule": st.fixed_dictionaries(
            {"name": st.sampled_from(get_args(ScheduleName))}, optional={"warmup": _fraction}
        ),
        "augment": st.fixed_dictionaries(
            {}, optional={"rotation": st.floats(0, 180), "elastic": _not_negative}
        ),
    },
)


def test_the_recipes_that_come_with_it() -> None:
    assert set(built_in_recipes()) >= {"tutorial", "digits", "mnist"}


@pytest.mark.parametrize("name", built_in_recipes())
def test_a_built_in_recipe_written_out_and_read_back_is_the_same(name: str) -> None:
    recipe = load_any(name)
    assert recipe.name == name
    assert parse_any(recipe.to_toml(), "here") == recipe
    assert built_in_path(name).read_text(encoding="utf-8").startswith("# ")


@settings(deadline=None)
@given(record=RECIPES)
def test_any_recipe_written_out_and_read_back_is_the_same(record: dict[str, Any]) -> None:
    recipe = Recipe.model_validate(record)
    text = recipe.to_toml()
    assert parse_recipe(text, "here") == recipe
    assert set(tomllib.loads(text)) == set(Recipe.model_fields)  # defaults written out


def test_what_a_file_leaves_out_takes_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("epochs = 3\n[network]\nchannels = [5]\n")
    recipe = load_recipe(path)
    assert recipe == Recipe().replace({"name": "mine", "epochs": 3, "network.channels": [5]})
    assert recipe.network.channels == (5,)


def _refused(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse_recipe(text, "mine.toml")
    message = str(caught.value)
    assert message.startswith("mine.toml: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("text", "key", "meant"),
    [
        ("epoch = 3", "epoch", "epochs"),
        ("[optimizer]\nlr = 0.1", "optimizer.lr", "optimizer.learning_rate"),
        ("learning_rate = 0.1", "learning_rate", "optimizer.learning_rate"),
        ("[network]\nchanels = [1]", "network.chanels", "network.channels"),
        ("[augment]\nrotate = 3", "augment.rotate", "augment.rotation"),
    ],
)
def test_a_misspelt_key_is_named_with_the_one_that_is_meant(
    text: str, key: str, meant: str
) -> None:
    message = _refused(text)
    assert f"there is no key '{key}'. Did you mean " in message
    assert meant in message


def test_a_key_like_no_other_brings_the_list() -> None:
    message = _refused("quux = 1")
    for key in ("epochs", "loss.label_smoothing", "schedule.warmup", "augment.stroke"):
        assert key in message


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("[loss]\nname = 'logcosh'", "loss.name = 'logcosh'", LOSSES),
        ("[optimizer]\nname = 'lion'", "optimizer.name = 'lion'", OPTIMIZERS),
        ("[network]\nname = 'vit'", "network.name = 'vit'", get_args(NetworkName)),
        ("[schedule]\nname = 'x'", "schedule.name = 'x'", get_args(ScheduleName)),
        ("precision = 'int8'", "precision = 'int8'", ("float32", "bfloat16")),
        ("epochs = 0", "epochs = 0", ("greater than or equal to 1",)),
        ("epochs = 1.5", "epochs = 1.5", ("must be a whole number.",)),
        ("batch = 'many'", "batch = 'many'", ("must be a whole number.",)),
        ("ema = 'high'", "ema = 'high'", ("must be a number.",)),
        ("channels_last = 3", "channels_last = 3", ("must be true or false.",)),
        ("ema = 1.0", "ema = 1.0", ("less than 1",)),
        ("validation = 0.6", "validation = 0.6", ("less than or equal to 0.5",)),
        ("seed = -1", "seed = -1", ("greater than or equal to 0",)),
        ("[optimizer]\nlearning_rate = 0", "optimizer.learning_rate = 0", ("greater than 0",)),
        ("[optimizer]\nlearning_rate = nan", "optimizer.learning_rate = nan", ("finite",)),
        ("[optimizer]\nlearning_rate = inf", "optimizer.learning_rate = inf", ("finite",)),
        ("[network]\nchannels = []", "network.channels = []", ("at least 1 item",)),
        ("[network]\nchannels = [0]", "network.channels.0 = 0", ("greater than or equal to 1",)),
        ("[augment]\nrotation = 200", "augment.rotation = 200", ("less than or equal to 180",)),
        ("network = 3", "network = 3", ("valid dictionary",)),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(
    text: str, key: str, allowed: tuple[str, ...]
) -> None:
    message = _refused(text)
    assert key in message
    for name in allowed:
        assert name in message


def test_files_that_are_no_recipe_are_told(tmp_path: Path) -> None:
    assert "not a TOML file" in _refused("epochs == 3")
    with pytest.raises(UsageError, match=r"gone\.toml: cannot be read as a recipe"):
        load_recipe(tmp_path / "gone.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"bytes\.toml: cannot be read as a recipe"):
        load_recipe(tmp_path / "bytes.toml")
    with (tmp_path / "large.toml").open("wb") as file:
        file.truncate(1 << 33)
    with pytest.raises(UsageError, match=r"large\.toml: is larger than 1 MB"):
        load_recipe(tmp_path / "large.toml")
    with pytest.raises(UsageError, match=r"recipe 'digit' is not known\. Built in: best, digits"):
        load_recipe("digit")


def test_replace_reaches_into_sections_and_leaves_the_recipe_alone() -> None:
    recipe = load_recipe("digits")
    changed = recipe.replace({"seed": 7, "optimizer.name": "sgd", "augment.shift": 0.0})
    assert (changed.seed, changed.optimizer.name, changed.augment.shift) == (7, "sgd", 0.0)
    assert changed.optimizer.learning_rate == recipe.optimizer.learning_rate
    assert recipe.seed == 0
    with pytest.raises(UsageError, match=r"there is no key 'optimiser\.name'"):
        recipe.replace({"optimiser.name": "sgd"})
    with pytest.raises(UsageError, match=r"there is no key 'epochs\.more'"):
        recipe.replace({"epochs.more": 1})
    with pytest.raises(UsageError, match=r"loss\.name = 'hinge'.* must be one of"):
        recipe.replace({"loss.name": "hinge"})


@pytest.mark.parametrize(("word", "fast"), [("by-hand", True), ("autograd", False)])
def test_the_name_of_before_works_and_says_what_it_is_now(word: str, fast: bool) -> None:
    hint = f"fast_path = {str(fast).lower()}"
    with pytest.warns(FutureWarning, match=hint):
        assert parse_recipe(f"backpropagation = '{word}'", "mine.toml").fast_path is fast
    with pytest.warns(FutureWarning, match=hint):
        assert Recipe(fast_path=not fast).replace({"backpropagation": word}).fast_path is fast
    with pytest.raises(UsageError, match="backpropagation"):
        parse_recipe("backpropagation = 'magic'", "mine.toml")


def test_settings_are_read_as_toml_and_bare_words_as_strings() -> None:
    assert parse_settings([]) == {}
    assert parse_settings(
        [
            "epochs=3",
            "loss.name = focal",
            "loss.name='log-cosh'",
            "optimizer.learning_rate=1e-3",
            "channels_last=true",
            "network.channels=[16, 32]",
            "name=a=b",
        ]
    ) == {
        "epochs": 3,
        "loss.name": "log-cosh",
        "optimizer.learning_rate": 1e-3,
        "channels_last": True,
        "network.channels": [16, 32],
        "name": "a=b",
    }


@pytest.mark.parametrize("word", ["epochs", "=3", " =3", ""])
def test_a_setting_that_is_no_pair_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="write it as key=value, such as epochs=3"):
        parse_settings([word])


def test_a_recipe_of_before_names_non_digits_as_it_did() -> None:
    how = Synthesis.model_validate({"doodles": 0.1})
    assert how.non_digits == 0.1
