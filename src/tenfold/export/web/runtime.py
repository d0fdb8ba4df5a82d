"""ONNX Runtime Web: one version, known by its checksums, fetched once with npm.

Its WASM has 14 MB, so it does not come with tenfold. npm fetches the package from whichever
registry this machine is set up for; where there is no npm, a person gives the package.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tenfold.errors import TenfoldError, UsageError
from tenfold.files import make_folder, write_whole

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
# The runtime for one thread's WASM alone, and the WASM without kernels for graphics cards.
CHECKSUMS = {
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": (
        "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"
    ),
}
SECONDS = 300  # for npm to fetch 33 MB
MOST = 64 << 20  # bytes of one of the files
PLACES = ("", "dist", "package/dist", f"node_modules/{PACKAGE}/dist")


def runtime_files(given: str | Path | None = None) -> dict[str, bytes]:
    """Return the runtime's files by name: given, kept from before, or fetched with npm.

    Raises
    ------
    UsageError
        If what was given does not hold them.
    TenfoldError
        If they cannot be fetched; the message says how to get them by hand.
    """
    if given is not None:
        return _given(Path(given))
    kept = _cache()
    if found := _in_folder(kept):
        return found
    content = _fetched()
    make_folder(kept)
    for name, one in content.items():
        write_whole(kept / name, one)
    return content


def _cache() -> Path:
    """Where the runtime is kept for the next time."""
    if own := os.environ.get("TENFOLD_CACHE"):
        root = Path(own)
    elif sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA", Path.home())) / "tenfold" / "Cache"
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches" / "tenfold"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tenfold"
    return root / f"{PACKAGE}-{VERSION}"


def _is_right(name: str, content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == CHECKSUMS[name]


def _in_folder(folder: Path) -> dict[str, bytes] | None:
    """Return the files if a folder holds all of them, and this version's."""
    try:
        content = {name: (folder / name).read_bytes() for name in CHECKSUMS}
    except OSError:
        return None
    return content if all(_is_right(*pair) for pair in content.items()) else None


def _given(path: Path) -> dict[str, bytes]:
    if path.is_file():
        return _unpacked(path)
    for place in PLACES:
        if found := _in_folder(path / place):
            return found
    raise UsageError(
        f"{path}: holds no {PACKAGE} {VERSION}, or another version of it. "
        f"Give the folder that 'npm install {PACKAGE}@{VERSION}' was run in."
    )


def _unpacked(archive: Path) -> dict[str, bytes]:
    """Return the files from the package as npm packs it."""
    content = {}
    try:
        with tarfile.open(archive) as package:
            for name in CHECKSUMS:
                member = package.getmember(f"package/dist/{name}")
                file = package.extractfile(member) if member.size <= MOST else None
                content[name] = file.read() if file is not None else b""
    except (OSError, KeyError, EOFError, tarfile.TarError) as error:
        raise UsageError(f"{archive}: is no npm package of {PACKAGE} ({error}).") from error
    if not all(_is_right(*pair) for pair in content.items()):
        raise UsageError(f"{archive}: is not {PACKAGE} {VERSION}: a checksum differs.")
    return content


def _fetched() -> dict[str, bytes]:
    npm = shutil.which("npm")
    if npm is None:
        raise TenfoldError(
            f"the page needs the npm package {PACKAGE} {VERSION}, and there is no npm to fetch it. "
            "Install Node.js and try again, or fetch the package elsewhere and give its archive "
            "or folder with --runtime."
        )
    with tempfile.TemporaryDirectory() as work:
        command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--silent", "--ignore-scripts"]
        try:
            subprocess.run(  # noqa: S603 (fixed words)
                command, cwd=work, check=True, capture_output=True, text=True, timeout=SECONDS
            )
            (archive,) = Path(work).glob("*.tgz")
            return _unpacked(archive)
        except subprocess.CalledProcessError as error:
            why = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        except (subprocess.TimeoutExpired, OSError, ValueError, UsageError) as error:
            why = str(error)
    raise TenfoldError(
        f"npm could not fetch {PACKAGE} {VERSION} ({why}). Try again with a network, or fetch the "
        "package elsewhere and give its archive or folder with --runtime."
    )
