"""A real Ray cluster of two nodes on this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.scale.deadly import Deadly
from typer.testing import CliRunner

from tenfold.cli import app
from tenfold.errors import TenfoldError
from tenfold.scale import Progress, read_all, read_dataset

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install '.[ray]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own

MEMORY = 150 * 1024**2  # of each node's object store


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two nodes: a head that only drives, and one that reads."""
    from ray.cluster_utils import Cluster

    root = str(Path(__file__).parents[2])
    path = os.pathsep.join([root, str(Path(root, "src")), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)  # for the workers, to import the tests' reader
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_worker_niceness", "0")  # a busy machine would starve them
    made: Any = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 2, "object_store_memory": MEMORY}
    )
    made.second = made.add_node(num_cpus=2, object_store_memory=MEMORY)
    made.wait_for_nodes()
    yield made
    ray.shutdown()
    made.shutdown()


def _ids(out: Path) -> list[str]:
    from pyarrow import parquet

    return sorted(parquet.read_table(out).column("id").to_pylist())


@pytest.mark.slow
def test_a_dataset_and_an_output_are_read_where_ray_runs(
    glyphs: list[bytes],
    make_pictures: Callable[..., list[str]],
    make_tar: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = str(Path(__file__).parents[2])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([root, str(Path(root, "src"))]))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_worker_niceness", "0")
    ray.init(num_cpus=2, object_store_memory=MEMORY, include_dashboard=False, log_to_driver=False)
    try:
        pictures = [{"name": f"{n}", "image": glyphs[n], "fold": n % 3} for n in range(40)]
        pictures += [{"name": "deadly", "image": glyphs[0], "fold": 7},
                     {"name": "broken", "image": b"no picture", "fold": 8}]  # fmt: skip
        data = ray.data.from_items(pictures, override_num_blocks=3)
        read = read_dataset(
            data, id="name", image="image", keep=["fold"], reader=Deadly(), workers=1
        )
        rows = {row["id"]: row for row in read.take_all()}
        # As docs/scale.md has it for files in S3.
        files = make_pictures(tmp_path / "in", 2)
        binary = ray.data.read_binary_files(str(tmp_path / "in"), include_paths=True)
        found = {row["id"]: row["text"] for row in read_dataset(binary, id="path").take_all()}
        # The command finds the cluster that is there, and goes on with what one machine began.
        shard, out = make_tar(tmp_path / "a.tar", 9), tmp_path / "out.parquet"
        read_all([shard], out, part_size=3, workers=1, stop=lambda: True)
        options = ["--part-size", "3", "--resume", "--out", str(out)]
        command = ["read", shard, "--engine", "ray", "--address", "auto", *options]
        done = CliRunner().invoke(app, command)
    finally:
        ray.shutdown()
    assert found.keys() == set(files)
    assert all(found.values())
    assert done.stdout == f"9 pictures, 9 rows, 0 errors: {out}\n"
    assert _ids(out) == [f"{shard}/{n:05}.png" for n in range(9)]
    assert rows.keys() == {row["name"] for row in pictures}
    assert "brought a process down" in rows["deadly"]["error"]
    assert rows["broken"]["error"].startswith("broken: not a picture")
    assert all(row["text"] is not None for name, row in rows.items() if name.isdigit())
    assert [rows[row["name"]]["fold"] for row in pictures] == [row["fold"] for row in pictures]


def test_a_cluster_that_is_not_there_is_told(make_tar: Callable[..., str], tmp_path: Path) -> None:
    shard, out = make_tar(tmp_path / "a.tar", 2), tmp_path / "out.jsonl"
    started = time.monotonic()
    for address in ("auto", "127.0.0.1:1", "127.0.0.1:99999"):
        with pytest.raises(TenfoldError, match=f"no Ray cluster at '{address}'"):
            read_all([shard], out, address=address)
        assert not out.exists()
    assert time.monotonic() - started < 60  # Ray itself would try for minutes


@pytest.mark.slow
def test_a_node_that_is_killed_loses_and_doubles_nothing(
    cluster: Any, make_tar: Callable[..., str], tmp_path: Path
) -> None:
    shards = [make_tar(tmp_path / f"{n}.tar", 40) for n in range(5)]
    shards.append(make_tar(tmp_path / "5.tar", 40, deadly=b"x"))
    killed: list[int] = []

    def report(progress: Progress) -> None:
        if progress.fresh >= 40 and not killed:
            killed.append(progress.fresh)
            cluster.remove_node(cluster.second, allow_graceful=False)

    out = tmp_path / "out.parquet"
    progress = read_all(
        shards, out, reader=Deadly(), part_size=16, address=cluster.address, report=report
    )
    assert killed
    assert killed[0] < 200
    assert progress.whole
    assert progress.errors == 1
    expected = [f"{shard}/{n:05}.png" for shard in shards for n in range(40)]
    assert _ids(out) == sorted([*expected, f"{shards[-1]}/deadly.png"])
    assert (progress.pictures, progress.rows) == (241, 241)
