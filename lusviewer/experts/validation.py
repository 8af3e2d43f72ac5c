"""What was found out about an expert when it was trained, as kept beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from lusviewer.errors import ManifestError
from lusviewer.experts.features import feature_words, is_feature
from lusviewer.experts.store import VALIDATION
from lusviewer.inference.fields import Fields, read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

SCHEMA: Final = 1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval over patients; None where it is not defined."""

    value: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class Scores:
    """How good a procedure is on patients left out; AUC one against the rest."""

    auc: Estimate
    accuracy: Estimate
    balanced_accuracy: Estimate


@dataclass(frozen=True, slots=True)
class Roc:
    """A class against the rest: points of false and true positive rate, rising."""

    name: str
    auc: Estimate
    positives: int
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Bin:
    """Clips of like probability: what was ``said`` on average, how often it held."""

    clips: int
    said: float
    seen: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The expected calibration error and the bins it is the mean of.

    Of two classes it is asked of the second, of more of the likeliest.
    """

    ece: Estimate
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """Patients left out together, and the expert that was tested on them."""

    number: int
    clips: int
    patients: int
    kind: str
    setting: float
    auc: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a tree, the root first: up to ``threshold`` goes ``left``.

    A leaf has None for feature, words, threshold and children. ``shares`` a class: at a
    leaf the probabilities it gives, else those of the clips it was fitted to.
    """

    feature: str | None
    words: str | None
    threshold: float | None
    left: int | None
    right: int | None
    shares: tuple[float, ...]
    clips: int


@dataclass(frozen=True, slots=True)
class Weight:
    """By how much the AUC falls where a feature is shuffled between clips."""

    feature: str
    words: str
    fall: float


@dataclass(frozen=True, slots=True)
class Losses:
    """Losses by epoch; ``validation`` is empty where nothing was held back."""

    what: str
    train: tuple[float, ...]
    validation: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WrongClip:
    """A clip whose likeliest class is not its label, the surest of them first."""

    sha256: str
    label: str
    said: str
    probability: float
    fold: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of the new expert and of one in use, and their paired difference."""

    own: Estimate
    rival: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True)
class Beside:
    """The new expert beside one in use, on the same clips.

    On ``abstained`` clips the one in use would not answer; of ``of_left_out_patients``
    its answers are by experts like it that were not fitted on them. ``learned_from``
    further clips do not count, as it had learned from their patients.
    """

    expert: str
    clips: int
    patients: int
    abstained: int
    of_left_out_patients: int
    auc: Compared
    accuracy: Compared
    learned_from: int = 0


@dataclass(frozen=True, slots=True)
class StoppedEarly:
    """What was finished before it was stopped and what was left out.

    In ``folds_untried`` folds not all settings were tried; ``settings_untried`` were
    left out when the expert was chosen.
    """

    kinds: tuple[str, ...]
    kinds_left_out: tuple[str, ...]
    folds_untried: int
    settings_untried: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The task and its classes; ``cuts`` part numbers, ``has`` asks for one label."""

    task: str
    classes: tuple[str, ...]
    cuts: tuple[float, ...]
    has: str | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is needed to have the same expert again."""

    created_utc: str
    software: str
    packages: Mapping[str, str]
    model: str
    model_sha256: str
    labels_sha256: str
    raters: tuple[str, ...]
    left_out: Mapping[str, int]
    clips: int
    patients: int
    folds: int
    seed: int
    stopped_early: bool
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LeftOutAnswer:
    """What experts not fitted on its patient said of a clip, a probability a class."""

    sha256: str
    label: str
    fold: int
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Validation:
    """All that a result page shows of an expert.

    ``scores`` are those of the whole procedure, ``kinds`` those of each kind alone and
    of the best of all; ``kind`` and ``setting`` are of the expert that was written,
    ``chosen`` how often each kind was in the folds. ``confusion`` has a row a label and
    a column what was said. ``tree`` is None where the expert is none.
    """

    question: Asked
    scores: Scores
    kinds: Mapping[str, Scores]
    chosen: Mapping[str, int]
    kind: str
    setting: float
    roc: tuple[Roc, ...]
    confusion: tuple[tuple[int, ...], ...]
    calibration: Calibration
    folds: tuple[Fold, ...]
    importance: tuple[Weight, ...]
    tree: tuple[Node, ...] | None
    losses: tuple[Losses, ...]
    wrong: tuple[WrongClip, ...]
    beside: tuple[Beside, ...]
    stopped_early: StoppedEarly | None
    provenance: Provenance
    answers: tuple[LeftOutAnswer, ...]


def read_validation(folder: Path) -> Validation:
    """Return what lies beside the expert in ``folder``.

    Keys this program does not know are passed over. Raises ``ManifestError`` where
    there is no such file, it is damaged, or an older program wrote it.
    """
    if not (folder / VALIDATION).is_file():
        msg = f"{folder} holds no {VALIDATION}: the expert came without its figures."
        raise ManifestError(msg, hint="Only experts trained on a library have them.")
    fields, _ = read_manifest(folder, VALIDATION)
    if not fields.has("schema"):
        msg = f"{fields.file} was written by an older lusviewer."
        raise ManifestError(msg, hint="Train the expert again.")
    fields.schema()
    question = _asked(fields.child("question"))
    figures, n = fields.child("figures"), len(question.classes)
    kinds = figures.child("kinds")
    return Validation(
        question=question,
        scores=_scores(figures),
        kinds=_each(kinds, lambda kind: _scores(kinds.child(kind))),
        chosen=_counts(figures.child("chosen")),
        kind=figures.text("kind"),
        setting=figures.number("setting"),
        roc=_roc(figures.child("roc")),
        confusion=_confusion(figures, n),
        calibration=_calibration(figures.child("calibration")),
        folds=tuple(_fold(one) for one in figures.children("folds")),
        importance=_importance(figures.child("importance")),
        tree=_tree(figures, n) if figures.has("tree") else None,
        losses=tuple(_losses(one) for one in figures.children("curves")),
        wrong=tuple(_wrong(one) for one in figures.children("wrong")),
        beside=tuple(_beside(one) for one in figures.children("side_by_side")),
        stopped_early=_stopped(figures),
        provenance=_provenance(fields.child("provenance")),
        answers=tuple(_answer(one, n) for one in fields.children("clips")),
    )


def _asked(fields: Fields) -> Asked:
    cuts = fields.free_numbers("cuts")
    has = fields.text("has") if fields.has("has") else None
    return Asked(fields.text("task"), fields.texts("classes"), cuts, has)


def _estimate(fields: Fields) -> Estimate:
    lower, upper = fields.maybe_numbers("interval", 2)
    return Estimate(fields.maybe("value"), lower, upper)


def _scores(fields: Fields) -> Scores:
    keys = ("auc", "accuracy", "balanced_accuracy")
    return Scores(*(_estimate(fields.child(key)) for key in keys))


def _counts(fields: Fields) -> dict[str, int]:
    return _each(fields, fields.integer)


def _each(fields: Fields, read: Callable[[str], T]) -> dict[str, T]:
    names = fields.keys()
    return {name: read(name) for name in names}


def _roc(fields: Fields) -> tuple[Roc, ...]:
    found = _each(fields, lambda name: _curve(name, fields.child(name)))
    return tuple(found.values())


def _curve(name: str, fields: Fields) -> Roc:
    area = fields.child("auc")
    positives = area.integer("positives")
    points = tuple((x, y) for x, y in fields.table("points", 2))
    return Roc(name, _estimate(area), positives, points)


def _confusion(fields: Fields, n: int) -> tuple[tuple[int, ...], ...]:
    table = fields.table("confusion", n)
    if len(table) != n:
        expected = f"{n} rows, one a class"
        raise fields.wrong(expected, f"{len(table)} rows", "confusion")
    return tuple(tuple(int(count) for count in row) for row in table)


def _calibration(fields: Fields) -> Calibration:
    bins = tuple(
        Bin(one.integer("n"), one.number("said"), one.number("seen"))
        for one in fields.children("bins")
    )
    return Calibration(_estimate(fields.child("ece")), bins)


def _fold(fields: Fields) -> Fold:
    return Fold(
        number=fields.integer("fold"),
        clips=fields.integer("clips"),
        patients=fields.integer("patients"),
        kind=fields.text("kind"),
        setting=fields.number("setting"),
        auc=fields.maybe("auc"),
        accuracy=fields.maybe("accuracy"),
    )


def _importance(fields: Fields) -> tuple[Weight, ...]:
    falls = _each(fields, fields.number)
    if unknown := [name for name in falls if not is_feature(name)]:
        expected = "values of a clip"
        raise fields.wrong(expected, unknown[0], "")
    return tuple(Weight(name, feature_words(name), falls[name]) for name in falls)


def _tree(figures: Fields, n_classes: int) -> tuple[Node, ...]:
    parts = figures.children("tree")
    nodes = tuple(_node(one, n_classes) for one in parts)
    for place, node in enumerate(nodes):
        for child in (node.left, node.right):
            # A child that is no later node would be drawn for ever.
            if child is not None and not place < child < len(nodes):
                expected = f"a node after {place}"
                raise parts[place].wrong(expected, child, "")
    return nodes


def _node(fields: Fields, n_classes: int) -> Node:
    shares, clips = fields.numbers("shares", n_classes), fields.integer("clips")
    if not fields.has("feature"):
        return Node(None, None, None, None, None, shares, clips)
    return Node(
        feature=fields.text("feature"),
        words=fields.text("words"),
        threshold=fields.number("threshold"),
        left=fields.integer("left"),
        right=fields.integer("right"),
        shares=shares,
        clips=clips,
    )


def _losses(fields: Fields) -> Losses:
    train = fields.free_numbers("train")
    return Losses(fields.text("what"), train, fields.free_numbers("validation"))


def _wrong(fields: Fields) -> WrongClip:
    return WrongClip(
        sha256=fields.text("sha256"),
        label=fields.text("label"),
        said=fields.text("said"),
        probability=fields.probability("probability"),
        fold=fields.integer("fold"),
    )


def _compared(fields: Fields) -> Compared:
    keys = ("own", "rival", "difference")
    return Compared(*(_estimate(fields.child(key)) for key in keys))


def _beside(fields: Fields) -> Beside:
    return Beside(
        expert=fields.text("expert"),
        clips=fields.integer("clips"),
        patients=fields.integer("patients"),
        abstained=fields.integer("abstained"),
        of_left_out_patients=fields.integer("of_left_out_patients"),
        auc=_compared(fields.child("auc")),
        accuracy=_compared(fields.child("accuracy")),
        # Files written before this was counted know none.
        learned_from=fields.integer("learned_from")
        if fields.has("learned_from")
        else 0,
    )


def _stopped(figures: Fields) -> StoppedEarly | None:
    if not figures.has("stopped_early"):
        return None
    fields = figures.child("stopped_early")
    return StoppedEarly(
        kinds=fields.texts("kinds"),
        kinds_left_out=fields.free_texts("kinds_left_out"),
        folds_untried=fields.integer("folds_untried"),
        settings_untried=fields.integer("settings_untried"),
    )


def _provenance(fields: Fields) -> Provenance:
    packages = fields.child("packages")
    return Provenance(
        created_utc=fields.text("created_utc"),
        software=fields.text("software"),
        packages=_each(packages, packages.text),
        model=fields.text("model"),
        model_sha256=fields.text("model_sha256"),
        labels_sha256=fields.text("labels_sha256"),
        raters=fields.free_texts("raters"),
        left_out=_counts(fields.child("left_out")),
        clips=fields.integer("clips"),
        patients=fields.integer("patients"),
        folds=fields.integer("folds"),
        seed=fields.integer("seed"),
        stopped_early=fields.flag("stopped_early"),
        settings=fields.anything("settings"),
    )


def _answer(fields: Fields, n_classes: int) -> LeftOutAnswer:
    return LeftOutAnswer(
        sha256=fields.text("sha256"),
        label=fields.text("label"),
        fold=fields.integer("fold"),
        probabilities=fields.numbers("probabilities", n_classes),
    )
