"""A clip from its first frame to its report, where nobody watches on the way."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from lusviewer.analysis.stream import analyse
from lusviewer.analysis.summary import summarise
from lusviewer.findings import Timelines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lusviewer.cancel import CancelToken
    from lusviewer.clip import Clip
    from lusviewer.experts import Expert
    from lusviewer.findings import ClipReport, FrameFindings
    from lusviewer.inference.bundle import ModelBundle


def analyse_whole(
    clip: Clip, bundle: ModelBundle, experts: Sequence[Expert], cancel: CancelToken
) -> tuple[dict[int, FrameFindings], ClipReport]:
    """Return the findings of each frame by its index, and the report of them all."""
    timelines = Timelines(clip.frame_times_s)
    findings: dict[int, FrameFindings] = {}
    with closing(analyse(clip, bundle, cancel)) as stream:
        for found in stream:
            timelines.add(found)
            findings[found.frame_index] = found
    return findings, summarise(clip, bundle, experts, timelines, cancel)
