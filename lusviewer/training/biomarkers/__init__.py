"""Biomarkers learned from clip-level labels, with time and without (recipe)."""
