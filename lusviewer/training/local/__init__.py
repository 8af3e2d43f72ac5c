"""Experts fitted on a study library of one's own, and compared with those in use."""
