"""What an analysis says: the biomarker vocabulary and the values that carry it.

``BIOMARKERS`` is the one list that curves, columns and features follow: first the
38 labels of Gare et al. 2022 (arXiv 2206.08398), then the five clip-level findings,
then what is measured on the segmentation.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lusviewer.clip import ClipIdentity
    from lusviewer.geometry import FrameGeometry

CLASSES: Final = (
    "outside",
    "chest_wall",
    "rib_shadow",
    "pleura",
    "a_line",
    "b_line",
    "lung",
    "consolidation",
    "effusion",
)
"""The dense labels, in index order: every pixel has one."""

FINDINGS: Final = (
    "a_lines",
    "b_lines",
    "consolidation",
    "effusion",
    "pleural_irregularity",
)
"""The findings reported for a clip, in index order."""


class Kind(Enum):
    """Where a biomarker's value comes from."""

    LABEL = "label"
    FINDING = "finding"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Biomarker:
    """One row of the timelines: its key, its words on screen and its range."""

    key: str
    label: str
    unit: str
    description: str
    lower: float
    upper: float
    kind: Kind

    @property
    def group(self) -> str:
        """The part of the key before the dot."""
        return self.key.partition(".")[0]


_SIZES: Final = (
    ("none", "none"),
    ("under_5mm_few", "< 5 mm, few"),
    ("under_5mm_multiple", "< 5 mm, multiple"),
    ("from_5_to_10mm", "5-10 mm"),
    ("over_10mm", "> 10 mm"),
)
_GROUPS: Final = (
    (
        "a_lines",
        "A-lines",
        (
            ("none", "none"),
            ("weak", "weak"),
            ("bold", "bold"),
            ("stacked", "also stacked"),
            ("wide", "also wide (> 2 cm)"),
        ),
    ),
    (
        "b_lines",
        "B-lines",
        (
            ("none", "none"),
            ("few", "few (1-3)"),
            ("some", "some (4-6)"),
            ("many", "many or coalescing"),
            ("white", "white, no striations"),
        ),
    ),
    (
        "b_line_origin",
        "B-line origin",
        (
            ("not_applicable", "not applicable"),
            ("pleura", "pleura"),
            ("sub_pleural", "sub-pleural"),
        ),
    ),
    (
        "pleural_thickness",
        "Pleural thickness",
        (
            ("under_1mm", "< 1 mm"),
            ("from_2_to_3mm", "2-3 mm"),
            ("from_4_to_5mm", "4-5 mm"),
            ("over_5mm", "> 5 mm"),
        ),
    ),
    (
        "pleural_location",
        "Pleural location",
        (("top", "top"), ("middle", "middle"), ("bottom", "bottom")),
    ),
    ("pleural_indent", "Pleural indent", _SIZES),
    ("pleural_break", "Pleural break", _SIZES),
    ("consolidation", "Consolidation", _SIZES),
    (
        "effusion",
        "Effusion",
        (("none", "none"), ("under_5mm", "< 5 mm"), ("over_5mm", "> 5 mm")),
    ),
)

LABELS: Final[tuple[Biomarker, ...]] = tuple(
    Biomarker(
        f"{group}.{key}",
        f"{words}: {label}",
        "probability",
        f"How likely the label '{label}' of the group '{words}' is",
        0.0,
        1.0,
        Kind.LABEL,
    )
    for group, words, labels in _GROUPS
    for key, label in labels
)
"""The 38 labels in 9 groups; multi-hot, not exclusive."""

_FINDING_WORDS: Final = {
    "a_lines": "A-lines",
    "b_lines": "B-lines",
    "consolidation": "Consolidation",
    "effusion": "Pleural effusion",
    "pleural_irregularity": "Irregular pleura",
}

_MEASURED: Final = (
    ("b_line_count", "B-lines counted", "lines", "B-lines at the pleura", 10.0),
    (
        "pleura_with_b_lines_fraction",
        "Pleura with B-lines",
        "fraction",
        "Share of the visible pleura that B-lines leave from",
        1.0,
    ),
    ("a_line_count", "A-lines counted", "lines", "A-lines below the pleura", 6.0),
    (
        "a_line_spacing_error",
        "A-line spacing error",
        "fraction",
        "How far A-lines lie from multiples of the pleura's depth, over that depth",
        0.5,
    ),
    ("pleura_depth_px", "Pleura depth", "px", "From the skin to the pleura", 224.0),
    ("pleura_depth_mm", "Pleura depth", "mm", "From the skin to the pleura", 60.0),
    ("pleura_thickness_px", "Pleura thickness", "px", "Median thickness", 20.0),
    ("pleura_thickness_mm", "Pleura thickness", "mm", "Median thickness", 8.0),
    (
        "pleura_irregularity",
        "Pleura irregularity",
        "fraction",
        "Roughness of the pleura over its thickness",
        3.0,
    ),
    (
        "rib_shadow_fraction",
        "Rib shadow",
        "fraction",
        "Share of the beam under ribs",
        1.0,
    ),
    (
        "consolidation_fraction",
        "Consolidated area",
        "fraction",
        "Share of the beam below the pleura",
        1.0,
    ),
    (
        "effusion_fraction",
        "Effusion area",
        "fraction",
        "Share of the beam below the pleura",
        1.0,
    ),
    ("brightness", "Image brightness", "grey", "Mean grey level in the beam", 255.0),
    ("contrast", "Image contrast", "grey", "Spread of grey levels in the beam", 128.0),
)

FINDING_BIOMARKERS: Final[tuple[Biomarker, ...]] = tuple(
    Biomarker(
        f"finding.{key}",
        _FINDING_WORDS[key],
        "probability",
        f"How likely the frame shows: {_FINDING_WORDS[key]}",
        0.0,
        1.0,
        Kind.FINDING,
    )
    for key in FINDINGS
)

MEASURED: Final[tuple[Biomarker, ...]] = tuple(
    Biomarker(f"measured.{key}", label, unit, text, 0.0, upper, Kind.MEASURED)
    for key, label, unit, text, upper in _MEASURED
)

BIOMARKERS: Final[tuple[Biomarker, ...]] = LABELS + FINDING_BIOMARKERS + MEASURED
"""The one list that curves, columns and features follow."""

INDEX: Final[Mapping[str, int]] = {b.key: i for i, b in enumerate(BIOMARKERS)}
"""Row of each biomarker key in ``BIOMARKERS``."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines measured in one frame, in the clip's own ``(row, column)`` px.

    ``pleura_px`` float32 ``(n, 2)``; ``a_line_depth_px`` and, where calibrated,
    ``a_line_depth_mm`` float32 ``(n_a,)`` from the pleura; ``b_lines`` float32
    ``(n_b, 6)``: origin row and column, end row and column px, width at the
    pleura px, angle rad from straight down.
    """

    pleura_px: NDArray[np.float32]
    a_line_depth_px: NDArray[np.float32]
    a_line_depth_mm: NDArray[np.float32] | None
    b_lines: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PackedMasks:
    """A dense label map on the model's grid, compressed: about 3 KiB a frame."""

    shape: tuple[int, int]
    packed: bytes

    @classmethod
    def pack(cls, labels: NDArray[np.uint8]) -> PackedMasks:
        """Compress ``labels``, class indices ``(rows, columns)``."""
        rows, columns = labels.shape
        return cls((rows, columns), zlib.compress(labels.tobytes(), 1))

    def unpack(self) -> NDArray[np.uint8]:
        """Return the class index of each pixel of the model's grid, read-only."""
        flat = np.frombuffer(zlib.decompress(self.packed), np.uint8)
        return flat.reshape(self.shape)


@dataclass(frozen=True, slots=True)
class FrameFindings:
    """What the models and the measurements say of one frame.

    ``biomarkers`` is float32 ``(len(BIOMARKERS),)``, NaN where not available;
    ``embedding`` float32 ``(n,)`` feeds the temporal head.
    """

    frame_index: int
    time_s: float
    masks: PackedMasks
    lines: Lines
    biomarkers: NDArray[np.float32]
    embedding: NDArray[np.float32]

    def value(self, key: str) -> float:
        """Return the biomarker ``key``, NaN where not available."""
        return float(self.biomarkers[INDEX[key]])


class Timelines:
    """The biomarkers of a clip over its frames; grows as findings arrive.

    ``values`` is float32 ``(len(BIOMARKERS), n_frames)``, NaN = not analysed;
    ``embeddings`` float32 ``(n_frames, n)``, None before the first frame.
    """

    def __init__(self, frame_times_s: NDArray[np.float64]) -> None:
        self.frame_times_s = frame_times_s
        shape = (len(BIOMARKERS), len(frame_times_s))
        self.values = np.full(shape, np.nan, np.float32)
        self.analysed = np.zeros(len(frame_times_s), np.bool_)
        self.embeddings: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.frame_times_s)

    def add(self, findings: FrameFindings) -> None:
        """Take the values of one frame."""
        self.values[:, findings.frame_index] = findings.biomarkers
        self.analysed[findings.frame_index] = True
        if self.embeddings is None:
            shape = (len(self), len(findings.embedding))
            self.embeddings = np.zeros(shape, np.float32)
        self.embeddings[findings.frame_index] = findings.embedding

    @property
    def progress(self) -> float:
        """The share of frames analysed, 0 to 1."""
        return float(self.analysed.mean()) if len(self) else 1.0

    def row(self, key: str) -> NDArray[np.float32]:
        """Return the values of ``key`` over the frames."""
        row: NDArray[np.float32] = self.values[INDEX[key]]
        return row


@dataclass(frozen=True, slots=True)
class Evidence:
    """A probability at clip level and the frame that drove it."""

    probability: float
    frame: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One step that led to a prediction, in words."""

    feature: str
    value: float
    words: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """What an expert says of a clip.

    ``probabilities`` follow ``classes``; they are calibrated where the expert's
    manifest says so. ``abstained`` carries its ``why``. ``frame`` is the frame to
    look at, None where no single one drove the prediction.
    """

    expert: str
    target: str
    classes: tuple[str, ...]
    probabilities: tuple[float, ...]
    abstained: bool = False
    why: str = ""
    reasons: tuple[Reason, ...] = ()
    frame: int | None = None

    @property
    def best(self) -> str:
        """The most probable class."""
        return self.classes[int(np.argmax(self.probabilities))]


@dataclass(frozen=True, slots=True)
class Quality:
    """Whether a clip can be assessed at all, and why not."""

    assessable: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model made a result, and on what it ran."""

    name: str
    version: str
    sha256: str
    provider: str


@dataclass(frozen=True, slots=True)
class ClipReport:
    """All that is known of an analysed clip: the only thing exporters see."""

    clip: ClipIdentity
    geometry: FrameGeometry
    frame_times_s: NDArray[np.float64]
    model: ModelIdentity
    software: str
    created_utc: str
    timelines: Timelines
    findings: Mapping[str, Evidence | None]
    biomarkers: Mapping[str, Evidence]
    measured: Mapping[str, float | int | None]
    predictions: tuple[Prediction, ...]
    quality: Quality
    warnings: tuple[str, ...] = field(default=())
