"""Fine-tune: somebody's samples in, a folder that reads them out; or a sentence why not."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tenfold.data.dataset import DIGITS as CLASSES
from tenfold.errors import DataError, ModelError, TrainingError, UsageError
from tenfold.export.network import CLASSIFIER, LINE, Network
from tenfold.export.read import read_network
from tenfold.files import MARK, check_target, make_folder, write_output, write_whole
from tenfold.finetune import classifier, line_recogniser, reference
from tenfold.finetune.classifier import Adapted
from tenfold.finetune.reference import Sizes, Tell
from tenfold.finetune.table import is_line_table, load_lines
from tenfold.finetune.verdict import ForgottenError, hold_to
from tenfold.model import read_content
from tenfold.preprocess.normalize import FIELD
from tenfold.reader.networks import FILES, bundled_content
from tenfold.samples import load

BUNDLED = "bundled"
ALLOW = 0.1  # points of accuracy on the reference set
RESULT = "fine-tuned.json"
KEPT = "forgetful"  # how a file ends that was kept although it forgot


@dataclass(frozen=True, slots=True)
class FineTuned:
    """What fine-tuning came to.

    Parameters
    ----------
    folder, model : Path
        The folder for ``--model``, and the file that was written.
    samples : int
        How many were learned from.
    adapted : Adapted
    assumed : str
        What was assumed of the samples.
    refused : str
        Why the result is not for use although it was kept; empty where it is.
    """

    folder: Path
    model: Path
    samples: int
    adapted: Adapted
    assumed: str
    refused: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name, ready for JSON."""
        adapted = self.adapted
        return {
            "folder": str(self.folder),
            "model": str(self.model),
            "samples": self.samples,
            "how": adapted.how,
            "alpha": adapted.alpha,
            "own": asdict(adapted.own),
            "reference": asdict(adapted.reference),
            "refused": self.refused,
        }


def fine_tune(
    data: str | Path,
    out: str | Path,
    *,
    source: str | Path = BUNDLED,
    allow: float = ALLOW,
    keep: bool = False,
    force: bool = False,
    seed: int = 0,
    sizes: Sizes | None = None,
    data_dir: Path | None = None,
    tell: Tell = lambda _: None,
) -> FineTuned:
    """Adapt a reader to somebody's samples.

    Parameters
    ----------
    data : str or Path
        Labelled pictures of single digits (see ``docs/data.md``), or a table ``file,text`` of
        lines.
    out : str or Path
        The folder for the result; `tenfold.read` and all else take it as ``model``.
    source : str or Path
        ``"bundled"``, a model file, or such a folder.
    allow : float
        Points of accuracy that may be lost on the reference set.
    keep : bool
        Write a result that lost more all the same, under another name.
    force : bool
        Overwrite files that tenfold did not write.
    seed : int
    sizes : Sizes, optional
        How many pictures are composed to replay and to compare on.
    data_dir : Path, optional
        Where MNIST is looked for first.
    tell : callable
        Told what is done.

    Raises
    ------
    ForgottenError
        If more than ``allow`` was lost; nothing is written then, but for ``keep``.
    TrainingError
        If the samples make the reader no better.
    UsageError, DataError, ModelError
        If samples or model cannot be used.
    """
    folder, sizes = Path(out), sizes or Sizes()
    if not 0 <= allow <= 100:
        raise UsageError(f"--allow is {allow:g}; give points from 0 to 100.")
    path = Path(data)
    kind = LINE if is_line_table(path) else CLASSIFIER
    name = FILES[kind]
    network = _network(source, kind)
    make_folder(folder)
    for each in (name, _kept_name(name), RESULT):
        check_target(folder / each, force=force)
    if kind == LINE:
        tell("opening lines")
        own = load_lines(path)
        strips, held = reference.strips(sizes.for_lines(), data_dir, tell)
        adapted = line_recogniser.adapt(
            network, own, strips, held, seed, allow, tell, pages=sizes.judge // 100, name=str(path)
        )
        count, assumed = adapted.own.count, f"{path}: {len(own):,} lines"
        if count < len(own):
            assumed += f", {len(own) - count:,} of them too long or too narrow to learn from"
    else:
        tell("opening samples")
        loaded = load.load(data, data_dir)
        samples = loaded.train
        if samples.size != FIELD or samples.classes != CLASSES:
            raise DataError(
                f"{data}: pictures of {samples.size}×{samples.size}; the reader takes digits of "
                f"{FIELD}×{FIELD}. Give picture files, which are framed, or train: tenfold train."
            )
        glyphs = reference.glyphs(network.info, sizes, data_dir, tell)
        adapted = classifier.adapt(network, samples, glyphs, seed, allow, tell)
        count, assumed = len(samples), loaded.assumed
    if not adapted.alpha or adapted.own.change <= 0:
        raise TrainingError(
            f"{data}: {count:,} samples make the reader no better (it reads "
            f"{100 * adapted.own.before:.1f} % of them correctly already); nothing was written. "
            "Give more samples, above all of what it misreads, and see that their labels are right."
        )
    refused = ""
    try:
        hold_to(adapted.own, adapted.reference, allow)
    except ForgottenError as error:
        if not keep:
            raise
        refused, name = str(error), _kept_name(name)
    model = folder / name
    write_output(model, adapted.content, force=force)
    if not refused:
        _carry_over(source, folder, name)
    found = FineTuned(folder, model, count, adapted, assumed, refused)
    write_whole(folder / RESULT, json.dumps({"mark": MARK} | found.to_dict(), indent=2) + "\n")
    return found


def _kept_name(name: str) -> str:
    return f"{Path(name).stem}-{KEPT}.onnx"


def _network(source: str | Path, kind: str) -> Network:
    """Return the network to start from; raises ModelError where it is of another kind."""
    if source == BUNDLED:
        return read_network(bundled_content(FILES[kind]), f"tenfold's own {FILES[kind]}")
    path = Path(source)
    if path.is_dir():
        path /= FILES[kind]
        if not path.exists():
            return _network(BUNDLED, kind)
    network = read_network(read_content(path), str(path))
    words = {CLASSIFIER: "single digits", LINE: "lines"}
    if network.kind != kind:
        raise ModelError(
            f"{path}: is no network for {words[kind]}, and the samples are {words[kind]}. Give "
            "another with --from, or leave it out for the bundled one."
        )
    if kind == CLASSIFIER and (network.info.size, network.info.classes) != (FIELD, CLASSES):
        raise ModelError(
            f"{path}: takes {network.info.size}×{network.info.size} pictures; a reader of pictures "
            f"takes {FIELD}×{FIELD} of the digits 0 to 9. Start from --from bundled."
        )
    return network


def _carry_over(source: str | Path, folder: Path, name: str) -> None:
    """Copy the networks of the folder that was started from and that were not taught now."""
    if source == BUNDLED or not Path(source).is_dir() or Path(source).resolve() == folder.resolve():
        return
    for other in FILES.values():
        if other != name and (Path(source) / other).is_file():
            write_output(folder / other, read_content(Path(source) / other), force=False)
