"""What a training tells, a JSON object a line, as values; nothing here knows Qt."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_log: Final = logging.getLogger(__name__)
_LONGEST: Final = 2**24
"""Bytes after which a line that does not end is given up."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Clips:
    """The clips that take part, by class, and why others do not.

    ``parts`` says how many patients learn, judge and are tested, where that is fixed;
    ``chosen`` how many clips were chosen of how many, None where any could take part;
    ``questions`` what an adaptation is judged by.
    """

    clips: int
    patients: int
    features: int
    classes: Mapping[str, int]
    left_out: Mapping[str, int]
    parts: Mapping[str, int] = field(default_factory=dict)
    chosen: tuple[int, int] | None = None
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Warned:
    """What to be wary of, in a sentence."""

    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is, and what is done now."""

    done: int
    total: int
    what: str
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A step of what is fitted by steps, on a curve of its own."""

    what: str
    step: int
    loss: float | None
    validation: float | None


@dataclass(frozen=True, slots=True)
class KindDone:
    """How well a kind of expert did on patients left out."""

    kind: str
    auc: Figure | None


@dataclass(frozen=True, slots=True)
class Beside:
    """How far its AUC is above that of an expert in use."""

    name: str
    difference: Figure


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of the result, and those in use beside it."""

    auc: Figure | None
    beside: tuple[Beside, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """The folder that was written, an expert or a model, and what to know of it."""

    folder: Path
    name: str
    seconds: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """From here the work can go on after it was interrupted."""

    step: int
    total: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Share:
    """The AUC with a share of the labels: of the model as it was, and adapted."""

    share: float
    before: Figure | None
    adapted: Figure | None


@dataclass(frozen=True, slots=True)
class Fractions:
    """Label-fraction curves by question, whether it paid, and that in a sentence.

    ``labels`` says which shares compare like with like.
    """

    curves: Mapping[str, tuple[Share, ...]]
    paid: bool | None
    verdict: str
    labels: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """It was stopped early; ``what`` was kept."""

    what: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Nothing is wrong; ``seconds`` is how long it would take, where that is known."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """It was cancelled, and nothing was written."""


@dataclass(frozen=True, slots=True)
class Failed:
    """What is wrong, and what to do; ``cuts`` would help."""

    message: str
    hint: str = ""
    cuts: tuple[float, ...] = ()


Event: TypeAlias = (
    Clips
    | Warned
    | Progress
    | CurvePoint
    | KindDone
    | Figures
    | Made
    | Checkpoint
    | Fractions
    | Kept
    | Checked
    | Stopped
    | Failed
)


@dataclass(slots=True)
class Lines:
    """Bytes as they come from a pipe, as events; what is no event is logged."""

    _rest: bytes = b""
    seen: list[str] = field(default_factory=list)
    """The lines since ``take_seen``, to be shown as they came."""

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the events of all lines that are complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST:
            _log.info("a line of a training that does not end is dropped")
            self._rest = b""
        for line in lines:
            text = line.decode("utf-8", "replace").strip()
            if text:
                self.seen.append(text)
                if (event := event_of(text)) is not None:
                    yield event

    def take_seen(self) -> list[str]:
        """Return the lines that came since the last time."""
        seen, self.seen = self.seen, []
        return seen


def event_of(line: str) -> Event | None:
    """Return the event a line tells, None where it is none we know."""
    try:
        told = json.loads(line)
        read = _READERS.get(told["event"])
        return None if read is None else read(told)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        _log.info("no event of a training (%r): %.200s", error, line)
        return None


def _figure(told: Mapping[str, Any]) -> Figure | None:
    """Return a figure, None where it is not defined, as an AUC of one class."""
    values = (told["value"], *told["interval"])
    return None if None in values else Figure(*map(float, values))


def _figures(told: Mapping[str, Any]) -> Figures:
    beside = [
        (str(one["expert"]), _figure(one["auc"]["difference"]))
        for one in told.get("side_by_side") or ()
    ]
    known = tuple(Beside(name, far) for name, far in beside if far is not None)
    return Figures(_figure(told["auc"]), known)


def fractions_of(told: Mapping[str, Any]) -> Fractions:
    """Return label-fraction curves as an adaptation writes them."""
    curves = {
        str(name): tuple(
            Share(float(one["fraction"]), _figure(one["auc"]), _figure(new["auc"]))
            for one, new in zip(
                found["arms"]["base"], found["arms"]["adapted"], strict=True
            )
        )
        for name, found in told["questions"].items()
    }
    labels = str(told.get("labels", ""))
    return Fractions(curves, told.get("paid"), str(told["verdict"]), labels)


def _checkpoint(told: Mapping[str, Any]) -> Checkpoint:
    return Checkpoint(int(told["step"]), int(told["total"]), Path(told["folder"]))


def _clips(told: Mapping[str, Any]) -> Clips:
    chosen = told.get("chosen")
    return Clips(
        int(told["clips"]),
        int(told["patients"]),
        int(told.get("features", 0)),
        {str(name): int(n) for name, n in told["classes"].items()},
        {str(why): int(n) for why, n in told.get("left_out", {}).items()},
        {str(part): int(n["patients"]) for part, n in told.get("parts", {}).items()},
        None if chosen is None else (int(chosen["clips"]), int(chosen["of"])),
        tuple(map(str, told.get("questions", ()))),
    )


def _progress(told: Mapping[str, Any]) -> Progress:
    left = _number(told.get("seconds_left"))
    return Progress(int(told["done"]), int(told["total"]), str(told["what"]), left)


def _curve(told: Mapping[str, Any]) -> CurvePoint:
    loss, validation = _number(told.get("loss")), _number(told.get("validation"))
    return CurvePoint(str(told["what"]), int(told["step"]), loss, validation)


def _made(told: Mapping[str, Any]) -> Made:
    seconds, note = float(told.get("seconds", 0)), str(told.get("note", ""))
    return Made(Path(told["folder"]), str(told["name"]), seconds, note)


def _failed(told: Mapping[str, Any]) -> Failed:
    cuts = tuple(float(cut) for cut in told.get("cuts", ()))
    return Failed(str(told["message"]), str(told.get("hint", "")), cuts)


def _number(value: Any) -> float | None:  # noqa: ANN401 - what JSON may hold
    return None if value is None else float(value)


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Event]]] = {
    "clips": _clips,
    "warning": lambda told: Warned(str(told["message"])),
    "progress": _progress,
    "curve": _curve,
    "kind": lambda told: KindDone(str(told["kind"]), _figure(told["auc"])),
    "figures": _figures,
    "expert": _made,
    "model": _made,
    "checkpoint": _checkpoint,
    "fractions": fractions_of,
    "kept": lambda told: Kept(str(told["what"])),
    "checked": lambda told: Checked(_number(told.get("seconds"))),
    "stopped": lambda _told: Stopped(),
    "error": _failed,
}
