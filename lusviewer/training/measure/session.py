"""One sitting of measuring: which measurements there are, and where results go."""

from __future__ import annotations

import json
import re
import sys
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

import cv2
import numpy as np

from lusviewer.cancel import CancelToken
from lusviewer.errors import TrainingError
from lusviewer.training.measure.baselines import measure_baselines
from lusviewer.training.measure.blues import blues_sources, measure_covid_blues
from lusviewer.training.measure.charts import save_chart
from lusviewer.training.measure.clip_store import ClipStore
from lusviewer.training.measure.diagnosis import measure_diagnosis
from lusviewer.training.measure.domain import (
    measure_dicom,
    measure_lung,
    measure_simulated,
)
from lusviewer.training.measure.lines import measure_lines
from lusviewer.training.measure.looks import record_look
from lusviewer.training.measure.phantom import measure_phantom
from lusviewer.training.measure.pocus import measure_pocus, pocus_sources
from lusviewer.training.measure.worst import contact_sheet, groups, worst_cases

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lusviewer.inference.bundle import ModelBundle
    from lusviewer.training.measure.clip_store import Source
    from lusviewer.training.measure.worst import Case

MEASUREMENTS: Final = (
    "phantom",
    "pocus",
    "lines",
    "diagnosis",
    "baselines",
    "covid-blues",
)
"""What ``evaluate all`` measures, in this order."""

_DOMAIN_COMMAND: Final = (
    "lusviewer evaluate domain --dicom FOLDER --pocus FOLDER --covid-blues FOLDER "
    "--json docs/results/domain.json"
)

NOT_OF_THE_BUNDLE: Final = ("baselines",)
"""What another bundle does not change: looked at once, then kept."""

_SPREAD: Final = re.compile(r"[\[{][^\[\]{}]*[\]}]")
"""A list or object that holds nothing but plain values."""


class Options(Protocol):
    """What a measurement may depend on; folders that it does not need may lack."""

    pocus: Path
    covid_blues: Path
    dicom: Path
    labels: Path
    part: str
    scenes: int
    seed: int
    work: Path
    docs: Path


class Session:
    """Measures one bundle; what may not be chosen on is recorded when looked at."""

    def __init__(self, bundle: ModelBundle, options: Options) -> None:
        self._bundle = bundle
        self._options = options
        self._store = ClipStore(options.work)
        cv2.setNumThreads(1)

    def run(self, name: str) -> dict[str, Any]:
        """Return the figures of measurement ``name``, and of what they are."""
        print(f"measuring {name}", file=sys.stderr, flush=True)
        started = time.monotonic()
        measures = {
            "phantom": self._phantom,
            "pocus": self._pocus,
            "lines": self._lines,
            "diagnosis": self._diagnosis,
            "baselines": self._baselines,
            "covid-blues": self._covid_blues,
            "domain": self._domain,
        }
        found = measures[name]()
        identity = self._bundle.identity
        figures = {
            "model": identity.name,
            "version": identity.version,
            "sha256": identity.sha256,
            **found,
            "seconds_taken": round(time.monotonic() - started),
        }
        print(f"{name}: {figures['seconds_taken']} s", file=sys.stderr, flush=True)
        return figures

    def _look(self, collection: str, what: str) -> None:
        record = self._options.docs / "results" / "looks.json"
        record_look(record, collection, what, self._bundle.identity)

    def _phantom(self) -> dict[str, Any]:
        options = self._options
        return measure_phantom(self._bundle, options.scenes, options.seed, options.work)

    def _pocus(self) -> dict[str, Any]:
        options = self._options
        sources, _ = pocus_sources(options.pocus, options.part)
        if options.part == "test":
            self._look("pocus test", "figures")
        found, cases = measure_pocus(
            self._bundle, options.pocus, options.part, self._store
        )
        return found | self._worst(f"pocus-{options.part}", cases, sources)

    def _lines(self) -> dict[str, Any]:
        options = self._options
        if options.part == "test":
            self._look("line test", "figures")
        return measure_lines(
            self._bundle, options.labels, options.pocus, options.part, options.work
        )

    def _diagnosis(self) -> dict[str, Any]:
        options = self._options
        return measure_diagnosis(self._bundle, options.pocus, self._store, options.work)

    def _baselines(self) -> dict[str, Any]:
        options = self._options
        for collection in ("pocus test", "covid-blues"):
            self._look(collection, "baselines, without the bundle")
        return measure_baselines(
            options.pocus, options.covid_blues, self._store, options.work
        )

    def _covid_blues(self) -> dict[str, Any]:
        folder = self._options.covid_blues
        sources, _ = blues_sources(folder)
        if not sources:
            msg = f"{folder / 'videos'} holds none of the clips of severity.csv."
            raise TrainingError(msg, hint="Give the folder of COVID-BLUeS.")
        self._look("covid-blues", "figures")
        found, cases = measure_covid_blues(self._bundle, folder, self._store)
        return found | self._worst("covid-blues", cases, sources)

    def _domain(self) -> dict[str, Any]:
        options = self._options
        for collection in ("pocus test", "covid-blues", "dicom"):
            self._look(collection, "how many clips are not assessable")
        lung = {
            f"pocus {part}": pocus_sources(options.pocus, part)[0]
            for part in ("validation", "test")
        }
        lung["covid-blues"] = blues_sources(options.covid_blues)[0]
        return {
            "collection": "domain",
            "command": _DOMAIN_COMMAND,
            "dicom": measure_dicom(self._bundle, options.dicom, self._store),
            "lung": {
                name: measure_lung(self._bundle, sources, self._store)
                for name, sources in lung.items()
            },
            "simulated": measure_simulated(self._bundle),
        }

    def _worst(
        self, name: str, cases: Sequence[Case], sources: Sequence[Source]
    ) -> dict[str, Any]:
        """Return the most wrong answers; their pictures stay in the work folder."""
        worst = worst_cases(cases)
        by_name = {source.name: source for source in sources}
        frames = [
            self._store.decoded(by_name[one["clip"]], CancelToken())[0] for one in worst
        ]
        if worst:
            sheet = contact_sheet(worst, frames)
            coloured = np.repeat(sheet[:, :, None], 3, axis=2)
            save_chart(coloured, self._options.work / f"worst-{name}.png")
        return {"worst": worst, "worst_groups": groups(worst)}


def as_text(figures: dict[str, Any]) -> str:
    """Return figures as JSON, lists of plain values on one line."""
    text = json.dumps(figures, indent=1, allow_nan=False)
    return _SPREAD.sub(lambda found: " ".join(found[0].split()), text) + "\n"


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path``, whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
