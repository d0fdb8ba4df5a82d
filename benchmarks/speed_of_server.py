"""How many drawn digits per second does the server read, beside the same model behind Flask?

    python benchmarks/speed_of_server.py                                     # all, four minutes
    python benchmarks/speed_of_server.py --only tenfold --rounds 1 --load 0  # a first look

One drawn digit is sent again and again, as a PNG of 28×28 pixels (what a small canvas gives) and as
strokes on 80×96; the answer is the reading as JSON. Clients keep their connections, wait for each
answer before they ask again, and share the machine with the server. All contenders take turns in
each round, after a second of warm-up that is left out; the table has medians over the rounds. Flask
runs under its own server, as tutorials do it, and under gunicorn with one worker a core;
both call tenfold's own reader, so that what differs is the serving. Each lives in a virtual
environment made once below --venvs. Then 200 clients ask tenfold serve for --load seconds: every
answer must be 200 or 503, and its memory is looked at before and after. Result:
results/speed_of_server.json.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from common import RESULTS, err, new_result, out, print_table, write_result
from contenders import PEERS, Contender, UnavailableError, comparison_parser, interpreter
from tenfold.cores import cores
from tenfold.server.bodies import Drawing
from tenfold.server.rasterise import rasterise

HERE = PEERS / "serving"
SOURCE = Path(__file__).parents[1] / "src"
CROWD = 200
CLIENTS = (1, cores(), 2 * cores())
SEVEN = {
    "strokes": [{"points": [[20, 20], [58, 18], [56, 26], [46, 48], [38, 80]], "pen": 6}],
    "width": 80,
    "height": 96,
}


# The reader itself comes from this checkout, so that all serve the same one.
READER = ("numpy>=2.0", "onnxruntime>=1.20", "opencv-python-headless>=4.10", "pillow>=11.0")
FLASK = ("flask>=3.1", "gunicorn>=23", "pydantic>=2.10", *READER)
GUNICORN = ("-m", "gunicorn", "--bind=127.0.0.1:{port}", "--worker-class=gthread", "--threads=1")
CONTENDERS = (
    Contender("tenfold", "tenfold serve", ("-m", "tenfold", "serve", "--port={port}", "--quiet")),
    Contender(
        "flask", "Flask, its own server", ("with_flask.py", "{port}"), FLASK, venv="serve-flask"
    ),
    Contender(
        "gunicorn",
        "Flask, gunicorn, a worker a core",
        (*GUNICORN, f"--workers={cores()}", "--keep-alive=30", "with_flask:app"),
        FLASK,
        venv="serve-flask",
    ),
)


def requests() -> dict[str, dict[str, str]]:
    """Return what is sent: the digit as PNG and as strokes."""
    page = Image.fromarray(rasterise(Drawing.model_validate(SEVEN))).resize(
        (28, 28), Image.Resampling.BOX
    )
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    bodies = {
        "PNG of 28×28": ("image/png", buffer.getvalue()),
        "strokes on 80×96": ("application/json", json.dumps(SEVEN).encode()),
    }
    return {
        name: {"path": "/v1/read", "kind": kind, "body": base64.b64encode(body).decode()}
        for name, (kind, body) in bodies.items()
    }


@contextmanager
def served(contender: Contender, python: Path) -> Iterator[tuple[str, int]]:
    """Start a server, and give its address and process id while it runs."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(python), *(part.format(port=port) for part in contender.command)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(SOURCE)}
    with tempfile.TemporaryFile() as said:  # a pipe that nobody empties would stop the server
        process = subprocess.Popen(command, cwd=HERE, env=environment, stdout=said, stderr=said)
        try:
            wait_for(port, process, said)
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def wait_for(port: int, process: subprocess.Popen[bytes], output: IO[bytes]) -> None:
    """Wait until somebody answers, whatever it is."""
    for _ in range(600):
        if process.poll() is not None:
            output.seek(0)
            said = output.read().decode()
            raise UnavailableError(said.strip().splitlines()[-1] if said.strip() else "it ended")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    else:
        raise UnavailableError("it did not start within a minute")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/")  # some listen before they are ready
    connection.getresponse().read()
    connection.close()
    time.sleep(1)  # of several workers, others may still be starting


def ask(url: str, request: dict[str, str], seconds: float, clients: int) -> dict[str, Any]:
    """Have clients ask for a while; see `peers/serving/load.py`."""
    command = [sys.executable, str(HERE / "load.py"), url, str(seconds), str(clients)]
    done = subprocess.run(
        command,
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 60,
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def memory(pid: int) -> float:
    """Resident memory of a process and its children, in MB."""
    total = 0.0
    for one in [pid, *children(pid)]:
        for line in Path(f"/proc/{one}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) / 1000
    return total


def children(pid: int) -> list[int]:
    """Process ids of a process's children."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in lists for child in path.read_text().split()]


def take_turns(
    contenders: list[Contender], venvs: Path, rounds: int, seconds: float
) -> dict[str, dict[str, list[dict[str, Any]]] | str]:
    """Ask all contenders for everything, in turn within each round; a reason where one fails."""
    results: dict[str, dict[str, list[dict[str, Any]]] | str] = {}
    with ExitStack() as stack:
        urls = {}
        for one in contenders:
            try:
                python = interpreter(one, venvs)
                urls[one.name], _ = stack.enter_context(served(one, python))
                results[one.name] = {}
            except (UnavailableError, OSError) as error:
                results[one.name] = f"not measured: {error}"
        cells = [(*named, clients) for named in requests().items() for clients in CLIENTS]
        for name, request, clients in cells * rounds:
            for contender, url in urls.items():
                figures = ask(url, request, seconds, clients)
                found = results[contender]
                if isinstance(found, dict):
                    title = f"{name}, {clients} client{'s' if clients > 1 else ''}"
                    found.setdefault(title, []).append(figures)
                err.print(f"{contender}, {name}, {clients}: {figures['per_second']:.0f}/s")
    return results


def median(rounds: list[dict[str, Any]], key: str) -> float:
    """Return the median over the rounds."""
    return float(statistics.median(one[key] for one in rounds))


def crowd(seconds: float) -> dict[str, Any]:
    """Have 200 clients ask tenfold serve, and look at its memory before, halfway, and after."""
    request = requests()["PNG of 28×28"]
    with served(CONTENDERS[0], Path(sys.executable)) as (url, pid):
        ask(url, request, 3, CROWD)  # what is set up once is not growth
        figures: list[dict[str, Any]] = []
        sizes = [memory(pid)]
        for _ in range(2):
            figures.append(ask(url, request, seconds / 2, CROWD))
            sizes.append(memory(pid))
    statuses: dict[str, int] = {}
    for half in figures:
        for status, count in half["statuses"].items():
            statuses[status] = statuses.get(status, 0) + count
    return {
        "clients": CROWD,
        "seconds": seconds,
        "statuses": statuses,
        "per_second": float(np.mean([half["per_second"] for half in figures])),
        "p50_ms": [half["p50_ms"] for half in figures],
        "p99_ms": [half["p99_ms"] for half in figures],
        "memory_mb": sizes,
    }


def rows(results: dict[str, dict[str, list[dict[str, Any]]] | str]) -> list[list[str]]:
    """Lay the figures out, a row for each contender and request."""
    lines = []
    for contender in CONTENDERS:
        result = results.get(contender.name)
        if isinstance(result, str):
            lines.append([contender.title, result, "", "", ""])
        for name, rounds in result.items() if isinstance(result, dict) else ():
            latencies = [f"{median(rounds, key):.2f} ms" for key in ("p50_ms", "p99_ms")]
            per_second = f"{median(rounds, 'per_second'):.0f}"
            lines.append([contender.title, name, per_second, *latencies])
    return lines


def main() -> None:
    """Measure, print the table, write the result file."""
    parser = comparison_parser(__doc__, CONTENDERS, RESULTS / "speed_of_server.json", rounds=5)
    parser.add_argument("--seconds", type=float, default=2, help="of each turn")
    parser.add_argument("--load", type=float, default=30, help="seconds for 200 clients; 0: none")
    options = parser.parse_args()
    wanted = [c for c in CONTENDERS if c.name in options.only]
    results = take_turns(wanted, options.venvs, options.rounds, options.seconds)
    crowded = crowd(options.load) if options.load else None
    setting = {"rounds": options.rounds, "seconds": options.seconds, "load": options.load}
    packages = ["tenfold", "fastapi", "uvicorn", "onnxruntime"]
    found = {"contenders": results, "crowd": crowded}
    result = new_result(__doc__, packages, setting, found)
    columns = ["", "one drawn digit as", "answers/s", "median", "99th percentile"]
    notes = [result.describe()]
    print_table("One drawn digit, again and again", columns, rows(results), notes)
    if crowded:
        out.print(f"{CROWD} clients: {json.dumps(crowded)}", markup=False, highlight=False)
    write_result(options.out, result)


if __name__ == "__main__":
    main()
