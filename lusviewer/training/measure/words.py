"""Figures as words, and words as Markdown tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Figure = Mapping[str, Any]

NOT_MEASURED: Final = "Not measured yet."


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [list(head), ["---"] * len(head), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def value(figure: Figure | None, digits: int = 2) -> str:
    """Return a figure with its interval, as ``0.82 (0.77-0.88)``."""
    if figure is None or figure.get("value") is None:
        return "-"
    low, high = figure["interval"]
    if low is None or high is None:
        return f"{figure['value']:.{digits}f}"
    return f"{figure['value']:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def area(figure: Figure | None) -> str:
    """Return an AUC with its interval and how many of all are positive."""
    if figure is None:
        return "-"
    counts = f"{figure['positives']} of {figure['n']}"
    if figure["value"] is None:
        return f"not defined ({counts})"
    low, high = figure["interval"]
    return f"{figure['value']:.2f} ({low:.2f}-{high:.2f}; {counts})"


def bare(number: float | None, digits: int = 2) -> str:
    """Return a number, a dash for none."""
    return "-" if number is None else f"{number:.{digits}f}"


def found(figures: Any, path: Sequence[str]) -> Any:  # noqa: ANN401 - plain JSON
    """Return what lies at ``path`` in nested figures; None where nothing does."""
    for key in path:
        if not isinstance(figures, dict) or key not in figures:
            return None
        figures = figures[key]
    return figures


def each_figure(
    figures: Any,  # noqa: ANN401 - plain JSON
    path: tuple[str, ...] = (),
) -> Iterable[tuple[tuple[str, ...], Figure]]:
    """Yield every figure with an interval that nested ``figures`` hold, and its path.

    Entries of lists are named by their fraction or name, else by their place.
    """
    if isinstance(figures, dict):
        if {"value", "interval"} <= figures.keys():
            yield path, figures
            return
        parts = [(str(key), part) for key, part in figures.items()]
    elif isinstance(figures, list):
        parts = [(_name(part, number), part) for number, part in enumerate(figures)]
    else:
        return
    for key, part in parts:
        yield from each_figure(part, (*path, key))


def _name(part: Any, number: int) -> str:  # noqa: ANN401 - plain JSON
    if isinstance(part, dict):
        for key in ("name", "fraction"):
            if key in part:
                return str(part[key])
    return str(number)
