"""Learning from clips without labels, the model's answers held as they were."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from lusviewer.errors import TrainingError
from lusviewer.geometry import GRID
from lusviewer.training.adapt.lessons import KEEP, moved
from lusviewer.training.adapt.networks import frozen
from lusviewer.training.adapt.settings import FRAME_ORDER, USCL
from lusviewer.training.nets.network import EMBEDDING
from lusviewer.training.pretrain.contrast import nt_xent, projector
from lusviewer.training.uscl.pairs import pair_batch
from lusviewer.training.video_ssl.pairs import ORDERS, SHOWN, clip_batch, patients_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.inference.bundle import LungView
    from lusviewer.training.adapt.networks import LatePart, Level
    from lusviewer.training.nets.network import TemporalNetwork
    from lusviewer.training.pretrain.clips import Recording

VIDEOS: Final = 12
"""Videos a step of ``uscl``, two samples of each."""

PATIENTS: Final = 4
"""Patients a step of ``frame-order``, two clips of four frames of each."""

_TEMPERATURE: Final = {USCL: 0.5, FRAME_ORDER: 0.05}
_PROJECTION: Final = 64
_BATCHES: Final = 6
"""Batches of validation patients at each look, at most; each is seen about twice."""

_LEARN, _CHOOSE = 51, 52


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """The clips that teach, and those that choose the best step."""

    learn: Sequence[Recording]
    validation: Sequence[Recording]
    seed: int


class Held(nn.Module):
    """What the model said before, and how far it is from that now.

    Its two heads' logits, what the masks are made from, and the score that tells lung
    from other views are held.
    """

    def __init__(
        self, late: LatePart, temporal: TemporalNetwork, view: LungView | None
    ) -> None:
        super().__init__()
        self._late, self._temporal = frozen(deepcopy(late)), frozen(deepcopy(temporal))
        self._view = None if view is None else torch.tensor(view.weights)

    def loss(self, level: Level, in_time: Tensor, fine: Tensor, deep: Tensor) -> Tensor:
        """Return how far the level and the temporal head's logits have moved."""
        with torch.no_grad():
            before = self._late.late(fine, deep)
            said = self._temporal(before.embedding[:, None])
        loss = KEEP * functional.mse_loss(level.logits, before.logits)
        loss = loss + KEEP * functional.mse_loss(in_time, said)
        loss = loss + moved(level.shared, before.shared)
        if self._view is not None:
            change = (level.embedding - before.embedding) @ self._view
            loss = loss + KEEP * (change**2).mean()
        return loss


class PretrainLesson:
    """Contrast on the embedding by ``method``, plus what holds the model's answers.

    ``uscl``: mixed frames of one video against those of others (Chen et al. 2020,
    arXiv 2011.13066). ``frame-order``: two clips of a patient against those of other
    patients, and the order of four frames (Holste et al. 2022, arXiv 2207.11581).
    """

    def __init__(
        self,
        method: str,
        networks: tuple[LatePart, TemporalNetwork],
        view: LungView | None,
        clips: Unlabelled,
    ) -> None:
        torch.manual_seed(clips.seed)
        late, temporal = self.late, self.temporal = networks
        self._method, self._clips = method, clips
        self._held = Held(late, temporal, view)
        self._project = projector(EMBEDDING, EMBEDDING, _PROJECTION)
        parts = {"late": late, "temporal": temporal, "project": self._project}
        if method == FRAME_ORDER:
            self._order = projector(SHOWN * EMBEDDING, EMBEDDING, len(ORDERS))
            parts["order"] = self._order
            self._patients = patients_of(clips.learn), patients_of(clips.validation)
        self.module = nn.ModuleDict(parts)
        seen, count = len(clips.validation), VIDEOS
        if method == FRAME_ORDER:
            seen, count = len(self._patients[1]), PATIENTS
        self._batches = min(_BATCHES, 2 * -(-seen // count))
        self._check()

    def loss(self, step: int) -> Tensor:
        """Return the loss of ``step``."""
        contrast, held = self._both(0, [self._clips.seed, _LEARN, step])
        return contrast + held

    def validation(self) -> float:
        """Return the mean contrast on fixed batches of the validation patients."""
        with torch.no_grad():
            found = [
                float(self._both(1, [self._clips.seed, _CHOOSE, batch])[0])
                for batch in range(self._batches)
            ]
        return sum(found) / len(found)

    def _both(self, part: int, seed: list[int]) -> tuple[Tensor, Tensor]:
        """Return the contrast and what holds, for the batch that ``seed`` draws."""
        if self._method == USCL:
            videos = (self._clips.learn, self._clips.validation)[part]
            pairs = pair_batch(videos, GRID, VIDEOS, seed)
            frames, order = torch.cat([pairs.left, pairs.right]), None
        else:
            shown = clip_batch([(self._patients[part], PATIENTS)], GRID, seed)
            frames, order = shown.frames, shown.order
        frames = frames.to(memory_format=torch.channels_last)
        fine, deep = self.late.early(frames)
        level = self.late.late(fine, deep)
        in_time = self.temporal(level.embedding[:, None])
        held = self._held.loss(level, in_time, fine, deep)
        return self._contrast(level.embedding, order), held

    def _contrast(self, embedding: Tensor, order: Tensor | None) -> Tensor:
        temperature = _TEMPERATURE[self._method]
        if order is None:
            left, right = self._project(embedding).chunk(2)
            return nt_xent(left, right, temperature)
        frames = embedding.unflatten(0, (-1, SHOWN))
        left, right = self._project(frames.mean(1)).chunk(2)
        told = functional.cross_entropy(self._order(frames.flatten(1)), order)
        return nt_xent(left, right, temperature) + told

    def _check(self) -> None:
        learn, validation = len(self._clips.learn), len(self._clips.validation)
        if self._method == FRAME_ORDER:
            learn, validation = (len(found) for found in self._patients)
        if min(learn, validation) < 2:
            what = "clips" if self._method == USCL else "patients with such clips"
            msg = f"{learn} {what} teach and {validation} choose: two of each at least."
            raise TrainingError(msg, hint="Add clips of more patients, of 8 frames on.")
