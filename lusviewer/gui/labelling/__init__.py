"""Saying what is right: labels by keyboard, second raters, agreement."""
