"""Write the tables of figures in README.md and in docs from the result files.

    python benchmarks/readme_table.py          # rewrites what stands between the marks

A row appears once its file is there. tests/test_docs.py holds pages and files together.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import RESULTS, Result, command, length, load_result, percent
from fine_tuning_table import fine_tuning
from tenfold.files import write_whole

ROOT = Path(__file__).parents[1]
PAGES = {
    ROOT / "README.md": ("results",),
    ROOT / "docs" / "records.md": ("recipes", "speed", "figures"),
    ROOT / "docs" / "fine-tune.md": ("fine-tuning",),
}
SAYS = {
    "fast": "the fastest to 99 %",
    "small": "fewer than 10,000 parameters",
    "mnist": "the default",
    "best": "one network, no test-time augmentation",
}
KERAS = "Keras's example"  # what stands in the race is not Keras alone

Figures = dict[str, Any]
Row = tuple[str, str, str]


def contenders(result: Result) -> tuple[Figures, list[Figures]]:
    """Return ours and the others that could be measured."""
    known = [each for each in result.results["contenders"] if "problem" not in each]
    (ours,) = (each for each in known if each["name"] == "tenfold")
    return ours, [each for each in known if each is not ours]


def digits(result: Result) -> list[Row]:
    """Write how well the digits recipe does."""
    ours = result.results["last_200"]["tenfold"]
    found = {name: each["accuracy"] for name, each in result.results["cross_validation"].items()}
    best = found.pop(f"tenfold, recipe {result.setting['recipe']}")
    peers = ", ".join(f"{name} {percent(found[name])}" for name in ("SVC(gamma=0.001)", "1-NN"))
    spread = f"± {100 * ours['deviation']:.2f}"
    said = (
        f"**{percent(ours['mean'])}** {spread}, trained in {length(ours['median_train_seconds'])}"
    )
    seeds, folds = len(ours["accuracies"]), result.setting["folds"]
    return [
        (f"`digits` recipe, test set of 200, mean over {seeds} seeds", said, command(result)),
        (
            f"the same, {folds}-fold cross-validation over all 1,797",
            f"**{percent(best)}** ({peers})",
            "",
        ),
    ]


def tutorial(result: Result) -> list[Row]:
    """Write how well the tutorial's network does."""
    own = result.results["accuracy"]
    svc = percent(own["peers"]["SVC(gamma=0.001)"])
    said = f"{percent(own['mean'])} ± {100 * own['deviation']:.2f} (SVC(gamma=0.001) {svc})"
    name = f"`tutorial` recipe, test set of 200, mean over {len(own['accuracies'])} seeds"
    return [(name, said, command(result)), tutorial_time(result)]


def tutorial_time(result: Result) -> Row:
    """Write how long the tutorial's training takes."""
    ours, others = contenders(result)
    cores = ", on one core" if ours["threads"] == "1" else ""
    peers = "; ".join(f"{each['title']} {length(each['median_seconds'])}" for each in others)
    said = f"**{length(ours['median_seconds'])}**{cores} ({peers})"
    rounds = result.setting["rounds"]
    name = f"`tutorial` recipe, {result.setting['epochs']} epochs, median of {rounds}"
    return (name, said, command(result))


def reading(result: Result) -> list[Row]:
    """Write how well people's pictures are read."""
    tasks = result.results["tenfold"]
    counts = {task: each["pictures"] for task, each in tasks.items()}
    names = ("real", "numbers", "car_a, auto", "car_a, line")
    digits, numbers, auto, line = (tasks[name]["labelled"] for name in names)
    return [
        (
            f"`tenfold read --layout digit`, {counts['real']:,} photos and scans of single digits, "
            f"{len(digits['by_source'])} sources",
            f"**{percent(digits['right_by_source'], 1)}** accuracy, mean over sources",
            command(result),
        ),
        (
            f"`tenfold read`, {counts['numbers']} photos and scans of numbers, lines and pages, "
            f"{len(numbers['by_source'])} sources",
            f"**{percent(numbers['right_by_source'], 1)}** exact match, mean over sources",
            "",
        ),
        (
            f"`tenfold read`, {counts['car_a, auto']:,} amounts from cheques",
            f"**{percent(auto['right'], 1)}** exact match, {percent(line['right'], 1)} with "
            "`--layout line`",
            "",
        ),
    ]


def server(result: Result) -> list[Row]:
    """Write how fast the server answers."""
    cell = "PNG of 28×28, 2 clients"
    found = {
        name: {key: statistics.median(each[key] for each in cells[cell]) for key in cells[cell][0]
               if key in ("per_second", "p50_ms")}
        for name, cells in result.results["contenders"].items() if isinstance(cells, dict)
    }  # fmt: skip
    ours = found["tenfold"]
    peers = f"Flask {found['flask']['per_second']:,.0f}; under gunicorn, without a bounded queue, "
    peers += f"{found['gunicorn']['per_second']:,.0f}"
    said = f"**{ours['per_second']:,.0f} answers/s**, median {ours['p50_ms']:.1f} ms ({peers})"
    name = "`tenfold serve`, one drawn digit (PNG of 28×28), 2 clients on the same machine"
    return [(name, said, command(result))]


def recipe(result: Result) -> list[Row]:
    """Write a recipe's rows."""
    name, figures = result.setting["recipe"], result.results
    accuracy, seconds, wall = (
        figures[key] for key in ("accuracy", "train_seconds", "wall_seconds")
    )
    count = len(figures["seeds"])
    whole = f"; the whole command {length(wall['median'])}" if wall else ""
    one_core = all(seed.get("threads") == 1 for seed in figures["seeds"])
    cores = " on one core" if one_core else ""
    said = (
        f"**{percent(accuracy['mean'])}** ± {100 * accuracy['deviation']:.2f}, "
        f"trained in {length(seconds['median'])}{cores}{whole}"
    )
    made = [(f"`{name}` ({SAYS[name]}), {count} seeds", said, command(result))]
    if figures["extra"]:
        extra = figures["extra"]
        shifts = percent(sum(extra["shifts"]) / count)
        said = f"{percent(extra['ensemble'])}; each with test-time augmentation {shifts}"
        made.append((f"the {count} networks of `{name}` together", said, ""))
    return made


def time_to_99(result: Result) -> list[Row]:
    """Write the race to 99 %."""
    ours, others = contenders(result)
    peers = [
        f"{each['title'].replace('Keras 3', KERAS)} {length(each['median_seconds'])}"
        for each in others
    ]
    name = f"time to 99 % on the test set, median of {result.setting['rounds']}"
    said = f"**{length(ours['median_seconds'])}** ({'; '.join(peers)})"
    return [(name, said, command(result))]


def training(result: Result) -> list[Row]:
    """Write how fast training goes through images."""
    ours, others = contenders(result)
    rest = [f"{each['title']} {each['median']:,.0f}" for each in others]
    said = f"**{ours['median']:,.0f} images/s** in bfloat16 ({'; '.join(rest)})"
    return [("training `fast`'s network, batch 128", said, command(result))]


def prediction(result: Result) -> list[Row]:
    """Write how fast the network reads, on one core and on two."""
    known = [each for each in result.results["contenders"] if "problem" not in each]
    one, two = (each for each in known if each["title"] == "tenfold, model file")
    others = [each for each in known if each["name"] != "tenfold" and each["cores"] == 2]
    fastest = max(others, key=lambda each: float(each["images_per_second"]))
    said = (
        f"**{one['one_ms']:.3f} ms** for one image on one core, "
        f"**{two['images_per_second']:,.0f} images/s** on two "
        f"({fastest['title']} {fastest['images_per_second']:,.0f})"
    )
    return [("predicting with `fast`'s model file", said, command(result))]


def forms(result: Result) -> list[Row]:
    """Write how many fields of forms are right at once, and what a person is shown."""
    stacks = result.results["stacks"]
    fields = sum(each["fields"] for each in stacks)
    sheets = sum(each["sheets"] for each in stacks)
    right, shown, wrong = (
        sum(each[key] * each["fields"] for each in stacks) / fields
        for key in ("right", "shown", "wrong_after")
    )
    said = (
        f"**{percent(right, 1)}** right at once; a person is shown {percent(shown, 1)}; "
        f"{percent(wrong)} wrong and not shown"
    )
    name = f"`tenfold form read`, {fields:,} fields of {sheets} composed sheets"
    return [(name, said, command(result))]


def race(result: Result) -> list[Row]:
    """Write the race to 99 % with its second alone."""
    ours, others = contenders(result)
    second = min(others, key=lambda each: float(each["median_seconds"]))
    title, took = second["title"].replace("Keras 3", KERAS), length(second["median_seconds"])
    said = f"**{length(ours['median_seconds'])}** (next: {title}, {took})"
    return [(time_to_99(result)[0][0], said, "")]


def of_mnist(rows: list[Row]) -> list[Row]:
    """Say in each row's name that it is about MNIST's test set."""
    return [(f"MNIST, {name}", said, last) for name, said, last in rows]


def brief(write: Writer, count: int = 1) -> Writer:
    """Return a writer's first rows without what the peers did and without the command."""
    return lambda result: [
        (name, said.split(" (")[0], "") for name, said, _ in write(result)[:count]
    ]


Writer = Callable[[Result], list[Row]]
TABLES: dict[str, tuple[str, dict[str, Writer]]] = {
    "figures": (
        "",
        {
            "accuracy_on_digits": digits,
            "time_of_tutorial": tutorial,
            "time_of_tutorial_jax": lambda result: [tutorial_time(result)],
            "reading_pictures": reading,
            "forms": forms,
            "speed_of_server": server,
        },
    ),
    "results": (
        "",
        {
            "accuracy_on_digits": brief(digits),
            "accuracy_of_recipes_mnist": lambda result: of_mnist(brief(recipe)(result)),
            "accuracy_of_recipes_best": lambda result: of_mnist(brief(recipe)(result)),
            "time_to_99_percent": lambda result: of_mnist(race(result)),
            "reading_pictures": brief(reading, 3),
            "forms": brief(forms),
            "speed_of_server": brief(server),
        },
    ),
    "recipes": (
        "MNIST's test set (10,000 images)",
        {f"accuracy_of_recipes_{name}": recipe for name in SAYS},
    ),
    "fine-tuning": ("accuracy on the other pictures", {"fine_tuning": fine_tuning}),
    "speed": (
        "MNIST, how fast",
        {
            "time_to_99_percent": time_to_99,
            "speed_of_training": training,
            "speed_of_prediction": prediction,
        },
    ),
}


def table(title: str, writers: dict[str, Writer]) -> str:
    """Return a table as the files say it."""
    rows: list[Row] = []
    for name, write in writers.items():
        path = RESULTS / f"{name}.json"
        if path.exists():
            rows += write(load_result(path))
    columns = 3 if any(last for _, _, last in rows) else 2
    lines = [f"| {title} |" + " |" * (columns - 1), "|" + "---|" * columns]
    return "\n".join([*lines, *(f"| {' | '.join(row[:columns])} |" for row in rows)])


def with_tables(page: Path) -> str:
    """Return a page with what lies between the marks of its tables written anew."""
    text = page.read_text(encoding="utf-8")
    for name in PAGES[page]:
        title, writers = TABLES[name]
        start, end = f"<!-- {name}: written by benchmarks/readme_table.py -->", f"<!-- /{name} -->"
        before, begun, rest = text.partition(start)
        _, ended, after = rest.partition(end)
        if not begun or not ended:
            sys.exit(f"{page}: the marks {start} and {end} are missing.")
        text = "\n".join([before + start, table(title, writers), end + after])
    return text


def main() -> None:
    """Write the pages."""
    for page in PAGES:
        write_whole(page, with_tables(page))


if __name__ == "__main__":
    main()
