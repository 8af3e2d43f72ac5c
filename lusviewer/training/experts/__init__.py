"""Experts on what a bundle says of a clip: which kind, on what, at what cost."""
