"""The clips of a library as an adaptation takes them: whose they are, what is asked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer.errors import TrainingError
from lusviewer.experts.features import feature_words, is_feature
from lusviewer.files import is_there
from lusviewer.findings import FINDINGS
from lusviewer.library.named import task_key
from lusviewer.training.adapt.settings import PRETRAIN
from lusviewer.training.adapt.split import Parts, dealt, holds
from lusviewer.training.data.collection import Label, Record, Said
from lusviewer.training.label_fraction.collections import own_library
from lusviewer.training.label_fraction.library import UNKNOWN, Question
from lusviewer.training.local.chosen import choose
from lusviewer.training.local.question import ask
from lusviewer.training.local.samples import NOT_CHOSEN, Choice, newest_answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lusviewer.library import ClipEntry, Library
    from lusviewer.training.adapt.settings import AdaptSettings
    from lusviewer.training.local.chosen import Chosen

    Event = dict[str, Any]

OWNERS_MIN: Final = 5
"""Patients of each answer: those who teach, choose and are tested are others."""

_FEW: Final = 10
_FINDING: Final = "finding."
_PLAIN: Final = ("no", "yes")
_MISSING: Final = "the file is missing"


@dataclass(frozen=True, slots=True)
class Study:
    """Clips in one order, what is asked of them, and the parts they fall into.

    ``questions`` are the label-fraction curve's; the first is what is learned where
    labels teach. ``left_out`` says how many clips do not take part, and why.
    ``chosen`` None means that any clip could.
    """

    clips: tuple[ClipEntry, ...]
    questions: tuple[Question, ...]
    classes: tuple[tuple[str, ...], ...]
    parts: Parts
    raters: tuple[str, ...]
    left_out: Mapping[str, int]
    chosen: Chosen | None = None

    @property
    def patients(self) -> tuple[str, ...]:
        """Whose each clip is."""
        return tuple(clip.patient for clip in self.clips)

    @property
    def labels_sha256(self) -> str:
        """The hash over every clip, its patient and its answers."""
        truths = np.stack([question.truth for question in self.questions], 1)
        names = " ".join(question.name for question in self.questions)
        lines = sorted(
            f"{clip.sha256} {clip.patient} {row.tolist()}"
            for clip, row in zip(self.clips, truths, strict=True)
        )
        return hashlib.sha256("\n".join([names, *lines]).encode()).hexdigest()

    def rows(self, part: str) -> np.ndarray:
        """Return which clips are of ``part``: "learn", "validation" or "test"."""
        return self.parts.rows(self.patients, part)

    def without(self, bad: Sequence[int]) -> Study:
        """Return the study without the clips of these keys; the parts stay."""
        kept = [i for i, clip in enumerate(self.clips) if clip.id not in set(bad)]
        clips = tuple(self.clips[i] for i in kept)
        questions = tuple(Question(q.name, q.truth[kept]) for q in self.questions)
        left_out = dict(self.left_out) | {"could not be read": len(bad)}
        return replace(self, clips=clips, questions=questions, left_out=left_out)

    def check(self) -> None:
        """Raise ``TrainingError`` where too few clips are left."""
        _check(self.questions, self.classes, self.clips)
        if not holds(self.parts, self.patients, self.questions):
            msg = "Too many clips of the patients of one part cannot be read."
            hint = "Bring the files back that the warnings name, or leave them out."
            raise TrainingError(msg, hint=hint)


def read_study(library: Library, settings: AdaptSettings) -> Study:
    """Return the clips that take part: of a pretraining all, else the labelled ones.

    Raises ``TrainingError`` and ``LibraryError`` where the labels do not do.
    """
    entries, chosen = list(library.clips.all()), choose(library, settings.only)
    total = len(entries)
    if chosen is not None:
        entries = [clip for clip in entries if clip.id in chosen.clips]
    there = [clip for clip in entries if not clip.missing and is_there(clip.path)]
    asked = None if settings.task is None else _asked(library, settings, chosen)
    if settings.what == PRETRAIN or asked is None:
        clips, left_out = there, {_MISSING: len(entries) - len(there)}
        left_out[NOT_CHOSEN] = total - len(entries)
        questions = [] if asked is None else [asked.of(clips)]
        questions += [q for q in _usual(clips) if asked is None or q.name != asked.name]
    else:
        clips = [clip for clip in there if clip.id in asked.said]
        left_out = {_MISSING: len(asked.said) - len(clips), **asked.left_out}
        questions = [asked.of(clips)]
    classes = [
        asked.classes if asked is not None and q.name == asked.name else _PLAIN
        for q in questions
    ]
    _check(questions, classes, clips)
    return Study(
        tuple(clips),
        tuple(questions),
        tuple(classes),
        dealt([clip.patient for clip in clips], questions, settings.seed),
        () if asked is None else asked.raters,
        {why: n for why, n in left_out.items() if n},
        chosen,
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, what was said of clips by their keys, and what is left out."""

    name: str
    classes: tuple[str, ...]
    said: Mapping[int, tuple[int, str]]
    left_out: Mapping[str, int]

    @property
    def raters(self) -> tuple[str, ...]:
        return tuple(sorted({rater for _, rater in self.said.values()}))

    def of(self, clips: Sequence[ClipEntry]) -> Question:
        """Return the question with the answers of ``clips``."""
        nothing = (UNKNOWN, "")
        truth = [self.said.get(clip.id, nothing)[0] for clip in clips]
        return Question(self.name, np.array(truth, np.intp))


def _asked(library: Library, settings: AdaptSettings, chosen: Chosen | None) -> _Asked:
    tasks = library.labels.tasks()
    task = tasks[task_key(tasks, settings.task or "")]
    question = ask(task, settings.cuts, settings.has)
    if len(question.classes) != 2:
        msg = f"{question.task} has {len(question.classes)} answers: two are learned."
        raise TrainingError(msg, hint="Part them, as --task severity --cut 2.")
    choice = Choice((), settings.rater, settings.certainty, chosen)
    said, left_out = newest_answers(library, question, choice)
    return _Asked(question_name(settings), question.classes, said, left_out)


def question_name(settings: AdaptSettings) -> str:
    """Return what the curve calls the question that ``settings`` ask."""
    words = [(settings.task or "").removeprefix(_FINDING)]
    words += [f"{settings.cuts[0]:g}_or_more"] if settings.cuts else []
    words += [f"has_{settings.has}"] if settings.has else []
    return "_".join(words)


def _usual(clips: Sequence[ClipEntry]) -> tuple[Question, ...]:
    """Return what is asked of any labelled library; nothing where nothing can be."""
    try:
        library = own_library("the library", [_record(clip) for clip in clips])
    except TrainingError:
        return ()
    return tuple(
        question
        for question in library.questions
        if min(_owners(question, clips, place) for place in (0, 1)) >= OWNERS_MIN
    )


def _record(clip: ClipEntry) -> Record:
    said = {"yes": Said.YES, "no": Said.NO}
    severity = clip.labels.get("severity", "")
    return Record(
        path=clip.path,
        name=clip.name,
        patient=clip.patient,
        findings={
            key: Label(
                said.get(clip.labels.get(f"finding.{key}", ""), Said.NOT_MENTIONED)
            )
            for key in FINDINGS
        },
        severity=int(severity) if severity.isdecimal() else None,
    )


def _check(
    questions: Sequence[Question],
    classes: Sequence[tuple[str, ...]],
    clips: Sequence[ClipEntry],
) -> None:
    if not questions:
        msg = "Of no finding enough patients are labelled yes, and enough no."
        hint = "Label some clips: without, nothing shows whether it paid."
        raise TrainingError(msg, hint=hint)
    for question, words in zip(questions, classes, strict=True):
        for place, word in enumerate(words):
            n = _owners(question, clips, place)
            if n < OWNERS_MIN:
                msg = (
                    f"{question.name}: {n} patients have a clip that is {word!r}: "
                    f"{OWNERS_MIN} are needed."
                )
                raise TrainingError(msg, hint="Label clips of more patients.")


def _owners(question: Question, clips: Sequence[ClipEntry], place: int) -> int:
    rows = np.flatnonzero(question.truth == place)
    return len({clips[int(row)].patient for row in rows})


def told(study: Study) -> Event:
    """Return what takes part as an event."""
    first, names = study.questions[0], study.classes[0]
    truth = first.truth[first.truth != UNKNOWN]
    counts = np.bincount(truth, minlength=len(names))
    return {
        "event": "clips",
        "clips": len(study.clips),
        "patients": len(set(study.patients)),
        "features": 0,
        "classes": dict(zip(names, map(int, counts), strict=True)),
        "left_out": dict(study.left_out),
        "chosen": None if study.chosen is None else study.chosen.told(),
        "parts": {
            part: {
                "patients": len(getattr(study.parts, part)),
                "clips": len(study.rows(part)),
            }
            for part in ("learn", "validation", "test")
        },
        "questions": [question.name for question in study.questions],
    }


def wary(study: Study) -> Iterator[str]:
    """Yield what to be wary of, in words."""
    for why, n in study.left_out.items():
        # Those not chosen are left out because somebody wanted that.
        if why == NOT_CHOSEN:
            continue
        yield f"{n} clips are left out: {why}."
    names = np.array(study.patients)
    test = study.rows("test")
    for question, words in zip(study.questions, study.classes, strict=True):
        shown = [
            (word, len(np.unique(names[test][question.truth[test] == place])))
            for place, word in enumerate(words)
        ]
        few = [f"{n} show {word!r}" for word, n in shown if n < _FEW]
        if few:
            yield (
                f"{heading(question.name)}: of the tested patients "
                f"{' and '.join(few)}; what comes of it will be known roughly only."
            )


def heading(name: str) -> str:
    """Return a question's name as a heading: "A-lines", "Severity 2 or more"."""
    key = f"{_FINDING}{name}"
    words = feature_words(key) if is_feature(key) else name.replace("_", " ")
    return words[:1].upper() + words[1:]
