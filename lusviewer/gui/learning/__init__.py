"""Retraining on the library: what to learn, how it goes, in a process of its own."""
