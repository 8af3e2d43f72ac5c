"""Experts: small heads that answer a clinical question from a clip's biomarkers."""

from lusviewer.experts.expert import Expert, load_experts, open_expert
from lusviewer.experts.manifest import ExpertManifest

__all__ = ["Expert", "ExpertManifest", "load_experts", "open_expert"]
