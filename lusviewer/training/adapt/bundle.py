"""The adapted model as a bundle: graphs, manifest, card; whole or not at all."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lusviewer import __version__
from lusviewer.cancel import CancelToken
from lusviewer.inference.bundle import open_bundle
from lusviewer.inference.fields import MANIFEST
from lusviewer.training.adapt.fractions import in_words
from lusviewer.training.adapt.settings import PRETRAIN
from lusviewer.training.adapt.ways import FRAME, IN_TIME
from lusviewer.training.data.batches import normalised
from lusviewer.training.lite.bundle_writer import sha256_of, write_json
from lusviewer.training.measure.metrics import platt, roc_auc, youden_threshold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lusviewer.inference.bundle import ModelBundle
    from lusviewer.training.adapt.loop import Course
    from lusviewer.training.adapt.settings import AdaptSettings
    from lusviewer.training.adapt.study import Study
    from lusviewer.training.adapt.ways import Graphs

    Found = dict[str, Any]

FIGURES: Final = "adaptation.json"
CARD: Final = "MODEL_CARD.md"
EXPERTS_ABSTAIN: Final = (
    "Experts fitted to the model it comes from abstain beside this one: fit them anew."
)
_LICENCE: Final = (
    "Adapted on clips of a study library: for use where those may be used."
)
_FEWEST: Final = 3
_ENOUGH: Final = 10


@dataclass(frozen=True, slots=True)
class Adapted:
    """All that came of an adaptation, but for the graphs themselves."""

    settings: AdaptSettings
    study: Study
    base: ModelBundle
    course: Course
    fractions: Mapping[str, Any]
    differences: Mapping[str, float]
    unchanged: Mapping[str, Any]
    calibration: Mapping[str, tuple[float, float]]
    thresholds: Mapping[str, float]
    vectors_are: str

    @property
    def name(self) -> str:
        """What the new model is called."""
        given = self.settings.name
        return given or f"{self.base.manifest.name}-{self.settings.way}"


def finish(adapted: Adapted, folder: Path) -> None:
    """Write manifest, card and figures beside the graphs in ``folder``; open it all.

    Raises ``ManifestError`` where the bundle does not open.
    """
    write_json(folder / MANIFEST, _manifest(adapted, folder))
    write_json(folder / FIGURES, figures(adapted))
    (folder / CARD).write_text(_card(adapted), encoding="utf-8")
    open_bundle(folder, device="cpu")


def copy_unchanged(base: ModelBundle, folder: Path) -> None:
    """Copy the graphs to ``folder`` that were not written there anew."""
    graphs = {FRAME: base.manifest.frame, IN_TIME: base.manifest.temporal}
    for name, graph in graphs.items():
        if not (folder / name).is_file():
            shutil.copyfile(graph.file, folder / name)


def _manifest(adapted: Adapted, folder: Path) -> Found:
    """Return the base's manifest with what is new."""
    base = adapted.base
    found: Found = json.loads((base.folder / MANIFEST).read_text(encoding="utf-8"))
    for key, name in (("frame", FRAME), ("temporal", IN_TIME)):
        found["graphs"][key] |= {"file": name, "sha256": sha256_of(folder / name)}
    for key, pair in adapted.calibration.items():
        found["calibration"][key] = [round(value, 5) for value in pair]
    for key, value in adapted.thresholds.items():
        found["thresholds"][key] = round(value, 4)
    return found | {
        "name": adapted.name,
        "version": datetime.now(UTC).strftime("%Y%m%d.%H%M%S"),
        "trained_on": f"{base.manifest.trained_on}; then {_taught(adapted)}",
        "licence": f"{base.manifest.licence} {_LICENCE}",
    }


def _taught(adapted: Adapted) -> str:
    study, settings = adapted.study, adapted.settings
    clips = len(study.rows("learn"))
    labels = "without labels" if settings.what == PRETRAIN else study.questions[0].name
    people = len(study.parts.learn)
    return f"adapted ({settings.way}, {labels}) on {clips} clips of {people} patients"


def figures(adapted: Adapted) -> Found:
    """Return all figures and where they come from, without any path."""
    study, base, course = adapted.study, adapted.base, adapted.course
    fractions = {k: v for k, v in adapted.fractions.items() if k != "event"}
    return {
        "name": adapted.name,
        "provenance": {
            "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
            "software": f"lusviewer {__version__}",
            "packages": {name: version(name) for name in ("torch", "numpy", "onnx")},
            "base": f"{base.manifest.name} {base.manifest.version}",
            "base_sha256": base.identity.sha256,
            "labels_sha256": study.labels_sha256,
            "raters": list(study.raters),
            "left_out": dict(study.left_out),
            "settings": adapted.settings.plain(),
            "chosen": None if study.chosen is None else study.chosen.told(),
        },
        "parts": {
            part: {
                "clips": len(study.rows(part)),
                "patients": len(getattr(study.parts, part)),
            }
            for part in ("learn", "validation", "test")
        },
        "training": {
            "steps": course.step,
            "ended": course.ended or "after its last step",
            "best_step": course.best_step,
            "validation_before": round(course.before, 5),
            "validation_best": round(course.best, 5),
            "history": [
                [step, round(loss, 5), round(value, 5)]
                for step, loss, value in course.history
            ],
        },
        "vectors": adapted.vectors_are,
        "fractions": fractions,
        "unchanged": dict(adapted.unchanged),
        "difference_to_torch": dict(adapted.differences),
    }


def _card(adapted: Adapted) -> str:
    found, base = figures(adapted), adapted.base.manifest
    came, parts, training = found["provenance"], found["parts"], found["training"]
    people = ", ".join(
        f"{word} {parts[part]['patients']} ({parts[part]['clips']} clips)"
        for part, word in (
            ("learn", "teach"),
            ("validation", "choose"),
            ("test", "test"),
        )
    )
    lines = [
        f"# {adapted.name}",
        f"{base.name} {base.version}, {_taught(adapted)} of a study library. "
        f"{base.intended_use}",
        f"**{found['fractions']['verdict']}**",
        EXPERTS_ABSTAIN,
        "## Whether it paid",
        f"Linear heads on {adapted.vectors_are}, on patients that neither the "
        f"adaptation nor the heads saw; before and after on the same ones. "
        f"{found['fractions']['labels']} Intervals: 95 %, patients resampled.",
        "\n".join(in_words(found["fractions"])),
        *_own_answers(found),
        "## How it came about",
        f"- Patients: {people}; split before anything else, by whole patients",
        f"- Steps: {training['steps']}, the best on the patients that choose was "
        f"{training['best_step']}: {training['validation_best']}, before "
        f"{training['validation_before']} (less is better)",
        f"- Model: {came['base']}, {came['base_sha256']}",
        f"- Labels: {came['labels_sha256']}; raters: "
        f"{', '.join(came['raters']) or 'none'}",
        f"- Left out: {json.dumps(came['left_out'])}",
        f"- Clips: {json.dumps(came['chosen']) if came['chosen'] else 'any'}",
        f"- Settings: {json.dumps(came['settings'])}",
        f"- Software: {came['software']}, {json.dumps(came['packages'])}, "
        f"{came['created_utc']}",
        f"- What was to stay as it was: {json.dumps(found['unchanged'])}",
        f"- Difference of the graphs to torch: {json.dumps(dict(adapted.differences))}",
        f"- Licence: {base.licence} {_LICENCE}",
    ]
    # Points of a list stand together, all else apart.
    text = "\n\n".join(lines).replace("\n\n- ", "\n- ") + "\n"
    return text.replace("came about\n-", "came about\n\n-") + _card_of(adapted.base)


def _card_of(base: ModelBundle) -> str:
    """Return the card of the model it comes from: its attributions hold on."""
    path = base.folder / CARD
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8")
    return f"\n---\n\nThe model it comes from says of itself:\n\n{text}"


def _own_answers(found: Found) -> list[str]:
    return [
        f"The model's own answer to {name}: AUC {own['base']['value']} before, "
        f"{own['adapted']['value']} adapted, on the tested patients."
        for name, one in found["fractions"]["questions"].items()
        if (own := one.get("own_answer"))
    ]


def calibrated(
    truth: NDArray[np.intp], logits: NDArray[np.float32]
) -> tuple[tuple[float, float], float] | None:
    """Return scale and offset, and the threshold, of the validation clips' logits.

    None where there are too few, or where they tell the opposite: the old ones stay.
    """
    known = truth >= 0
    wanted, values = truth[known].astype(np.float64), logits[known].astype(np.float64)
    kinds = int((wanted > 0).sum()), int((wanted <= 0).sum())
    if min(kinds) < _FEWEST or roc_auc(wanted, values) <= 0.5:
        return None
    scale, offset = platt(wanted, values)
    probability = 1 / (1 + np.exp(-np.clip(scale * values + offset, -60, 60)))
    enough = min(kinds) >= _ENOUGH
    cut = youden_threshold(wanted, probability) if enough else float(wanted.mean())
    return (scale, offset), cut


def unchanged(
    before: Graphs, now: Graphs, base: ModelBundle, frames: Sequence[NDArray[np.uint8]]
) -> Found:
    """Return how far masks, logits and the look of lung stayed as they were."""
    same, moved, views = [], [], []
    view, cancel = base.manifest.quality.lung_view, CancelToken()
    for frame in frames:
        given = {"frame": normalised(frame[None]).numpy()}
        old, new = before.frame.run(given, cancel), now.frame.run(given, cancel)
        same.append(float(np.mean(old["labels"] == new["labels"])))
        moved.append(float(np.abs(old["findings"] - new["findings"]).mean()))
        if view is not None:
            gates = [
                view.scores(o["embedding"])[0] >= view.threshold for o in (old, new)
            ]
            views.append(gates[0] == gates[1])
    return {
        "frames": len(frames),
        "pixels_of_the_same_class": round(float(np.mean(same)), 4),
        "findings_logits_moved_by": round(float(np.mean(moved)), 4),
        "same_look_of_lung": round(float(np.mean(views)), 4) if views else None,
    }
