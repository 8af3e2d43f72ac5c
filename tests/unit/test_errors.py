"""The tree of errors: what a person is told, and what nothing may swallow."""

from __future__ import annotations

import inspect

from lusviewer import errors
from lusviewer.cancel import Cancelled
from lusviewer.errors import LusViewerError, UnsupportedClipError


def test_an_error_says_what_is_wrong_and_then_what_to_do() -> None:
    error = UnsupportedClipError("scan.dcm is JPEG XL.", hint="Convert it.")
    assert str(error) == "scan.dcm is JPEG XL. Convert it."
    assert str(UnsupportedClipError("scan.dcm is JPEG XL.")) == "scan.dcm is JPEG XL."


def test_cancelling_is_no_error_that_a_handler_could_swallow() -> None:
    assert not issubclass(Cancelled, Exception)


def test_the_documentation_draws_the_tree_as_it_is() -> None:
    def drawn(kind: type[LusViewerError], depth: int) -> list[str]:
        lines = ["  " * depth + f"* {kind.__name__}"]
        for child in kind.__subclasses__():
            if child.__module__ == errors.__name__:
                lines += drawn(child, depth + 1)
        return lines

    tree = "\n".join(drawn(LusViewerError, 0))
    assert tree in inspect.cleandoc(errors.__doc__ or "")
