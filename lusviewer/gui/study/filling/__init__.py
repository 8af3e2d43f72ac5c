"""Bringing clips and labels into the library and out of it, with what came of it."""
