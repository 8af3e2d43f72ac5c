"""Reverse transfer: a classifier built on a network that learned to segment."""
