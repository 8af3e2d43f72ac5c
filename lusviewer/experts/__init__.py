"""Experts: small heads that answer a clinical question from a clip's biomarkers."""

from typing import TYPE_CHECKING

from lusviewer.parts import on_demand

if TYPE_CHECKING:
    from lusviewer.experts.expert import Expert, load_experts, open_expert
    from lusviewer.experts.manifest import ExpertManifest
else:
    __getattr__ = on_demand(
        __name__,
        expert=("Expert", "load_experts", "open_expert"),
        manifest=("ExpertManifest",),
    )

__all__ = ["Expert", "ExpertManifest", "load_experts", "open_expert"]
