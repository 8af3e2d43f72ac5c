"""Measuring bundles on labelled clips: collections, figures, intervals."""
