"""What a simulated clip shows, in words and millimetres: values only.

Lateral positions ``x_mm`` run along the pleura, 0 in the middle of the beam. Levels in
dB are relative to a bright pleura; 0 dB is white at the machine's nominal gain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lusviewer.geometry import Probe


@dataclass(frozen=True, slots=True)
class View:
    """The beam: its form, its depth and how the recording was cropped.

    ``crop`` cuts fractions off the beam's bounding box: top, left, bottom, right.
    ``flare`` widens a linear beam to a trapezoid: 0.3 is 30 % wider at the bottom.
    """

    probe: Probe
    depth_mm: float
    width_mm: float = 40.0
    radius_mm: float = 50.0
    half_angle_rad: float = 0.5
    flare: float = 0.0
    crop: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class ChestWall:
    """The tissue from the skin to the pleura."""

    pleura_depth_mm: float
    flatness: float
    tilt: float
    undulation_mm: float
    fat_fraction: float
    fat_db: float
    muscle_db: float
    striation_db: float
    fascia_count: int
    fascia_db: float
    near_field_db: float
    veil_db: float = 0.0
    clutter_db: float = -70.0


@dataclass(frozen=True, slots=True)
class Rib:
    """A rib across the beam: a bright arc with a shadow below."""

    x_mm: float
    half_width_mm: float
    above_pleura_mm: float
    arc_db: float
    shadow_db: float
    softness: float = 0.2
    mirrored: bool = False
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Defect:
    """An indent or a break of the pleural line; ``size_mm`` is its width."""

    x_mm: float
    size_mm: float
    depth_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Pleura:
    """The pleural line."""

    thickness_mm: float
    level_db: float
    roughness_mm: float
    grain_db: float
    patch_db: float = 0.0
    indents: tuple[Defect, ...] = ()
    breaks: tuple[Defect, ...] = ()


@dataclass(frozen=True, slots=True)
class ALines:
    """Reverberations at multiples of the pleura's depth."""

    count: int
    level_db: float
    loss_db: float
    patch_db: float
    x_mm: float
    half_width_mm: float


@dataclass(frozen=True, slots=True)
class BLine:
    """A vertical artefact that moves with the lung.

    ``origin_mm`` is how far below the lung's surface it begins; ``period_s`` 0 keeps
    it steady, else it comes and goes, ``duty`` of the time.
    """

    x_mm: float
    width_mm: float
    level_db: float
    origin_mm: float = 0.0
    period_s: float = 0.0
    phase: float = 0.0
    duty: float = 1.0


@dataclass(frozen=True, slots=True)
class Lung:
    """The aerated lung below its surface: haze, A-lines, B-lines."""

    haze_db: float
    decay_db_per_cm: float
    reverberation_db: float
    streak_db: float
    cloud_db: float = 2.0
    mottle_db: float = 1.5
    a_lines: ALines | None = None
    b_lines: tuple[BLine, ...] = ()
    b_decay_db_per_cm: float = 1.5
    b_ripple_db: float = 2.0
    white: bool = False


@dataclass(frozen=True, slots=True)
class Consolidation:
    """Airless lung below the pleura, with a shredded lower border."""

    x_mm: float
    half_width_mm: float
    depth_mm: float
    level_db: float
    shred: float
    bronchograms: float
    enhancement_db: float


@dataclass(frozen=True, slots=True)
class Effusion:
    """Fluid between chest wall and lung, thickest at ``x_mm``."""

    x_mm: float
    half_width_mm: float
    thickness_mm: float
    level_db: float
    edge_db: float
    septa: int = 0
    diaphragm: float = 0.0


@dataclass(frozen=True, slots=True)
class Confounders:
    """What looks like a finding and is none.

    ``z_lines`` fade within centimetres below the pleura and do not move with it;
    ``comet_tails`` lie above the pleura. Both are ``(x_mm, level_db)``.
    ``contact`` is where the probe touches the skin, as fractions of the beam.
    """

    z_lines: tuple[tuple[float, float], ...] = ()
    comet_tails: tuple[tuple[float, float], ...] = ()
    contact: tuple[float, float] = (-1.2, 1.2)
    contact_softness: float = 0.05


@dataclass(frozen=True, slots=True)
class Motion:
    """Breathing slides the lung; heart and hand shake it."""

    frame_rate_hz: float
    slide_mm: float
    breaths_per_s: float
    heart_mm: float
    beats_per_s: float
    wobble_mm: float
    phase: float


@dataclass(frozen=True, slots=True)
class Machine:
    """How the scanner and the recording show the echoes."""

    gain_db: float
    dynamic_range_db: float
    gamma: float
    tgc_db: tuple[float, ...]
    edge_loss_db: float
    noise_db: float
    noise_slope_db: float
    axial_mm: float
    lateral_lines: float
    speckle: float
    persistence: float
    decorrelation: float
    blur: float
    sharpness: float = 0.0
    bright_grey: float = 0.0
    black: float = 0.0
    jpeg_quality: int = 0
    text: str = ""
    ruler: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """One clip, described; the same scene always renders to the same pixels."""

    seed: int
    view: View
    wall: ChestWall
    pleura: Pleura
    lung: Lung
    ribs: tuple[Rib, ...]
    consolidations: tuple[Consolidation, ...]
    effusion: Effusion | None
    confounders: Confounders
    motion: Motion
    machine: Machine


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller insists on; None leaves it to chance.

    ``findings`` are keys of ``lusviewer.findings.FINDINGS`` that must be there, all
    others are then absent. The rest narrows a finding's form.
    """

    findings: tuple[str, ...] | None = None
    probe: Probe | None = None
    ribs: int | None = None
    b_lines: int | None = None
    white: bool | None = None
    consolidations_mm: tuple[float, ...] | None = None
    effusion_mm: float | None = None
    thickness_mm: float | None = None
    indents_mm: tuple[float, ...] | None = None
    breaks_mm: tuple[float, ...] | None = None
    pleura_fraction: float | None = None
    a_lines: int | None = None
    clean: bool = False
