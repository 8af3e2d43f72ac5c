"""How simulated frames look beside real ones, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from lusviewer.training.data.sharpness import SCALES, band_strengths, inner_beam
from lusviewer.training.measure.figures import plain
from lusviewer.training.measure.metrics import roc_auc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]
    Statistics = dict[str, float]

OFF: Final = 0.85
"""A statistic is clearly off where one kind has more of it that often."""

_BLACK: Final = 8
_LAGS: Final = 12


def statistics(frame: Frame) -> Statistics | None:
    """Return how ``frame`` looks inside the beam; None where there is hardly a beam.

    Grey levels: ``mean``, ``spread`` (deviation over mean), ``dark`` (share of pixels
    below 8), ``bright`` (95th percentile), ``floor`` (5th percentile of the deepest
    third), ``decay`` (mean of the deepest third over that of the first). Texture:
    the bands of local frequency over the mean grey, from ``fine`` to ``coarse``, and
    ``axial`` and ``lateral`` grain, px at which the texture's correlation is half.
    """
    strengths = band_strengths(frame)
    if strengths is None:
        return None
    inner = inner_beam(frame)
    values = frame[inner].astype(np.float64)
    rows = np.flatnonzero(inner.any(axis=1))
    upper, lower = np.array_split(rows, 3)[0], np.array_split(rows, 3)[2]
    deep = frame[lower][inner[lower]]
    shallow = frame[upper][inner[upper]]
    axial, lateral = _grain(frame, inner)
    bands = dict(zip(("fine", "middle", "coarse"), strengths, strict=True))
    return {
        "mean": float(values.mean()),
        "spread": float(values.std() / (values.mean() + 1)),
        "dark": float((values < _BLACK).mean()),
        "bright": float(np.percentile(values, 95)),
        "floor": float(np.percentile(deep, 5)) if len(deep) else float("nan"),
        "decay": float(deep.mean() / (shallow.mean() + 1)) if len(deep) else 0.0,
        **{name: float(value) for name, value in bands.items()},
        "axial": axial,
        "lateral": lateral,
    }


def _grain(frame: Frame, inner: NDArray[np.bool_]) -> tuple[float, float]:
    """Return how many px along and across the texture hangs together."""
    values = frame.astype(np.float32)
    texture = values - cv2.GaussianBlur(values, (0, 0), 2 * SCALES[-1])
    texture = np.where(inner, texture - texture[inner].mean(), 0)
    along, across = _half_width(texture, inner), _half_width(texture.T, inner.T)
    return along, across


def _half_width(texture: NDArray[np.float32], inner: NDArray[np.bool_]) -> float:
    """Return the lag in rows at which the correlation falls below a half."""
    whole = float((texture**2).sum() / inner.sum()) + 1e-6
    before = 1.0
    for lag in range(1, _LAGS):
        both = inner[lag:] & inner[:-lag]
        product = float((texture[lag:] * texture[:-lag])[both].mean())
        now = product / whole
        if now < 0.5:
            return lag - 1 + (before - 0.5) / (before - now)
        before = now
    return float(_LAGS)


def mean_statistics(frames: Iterable[Frame]) -> Statistics | None:
    """Return the mean statistics of a clip's ``frames``; None where none has any."""
    found = [one for frame in frames if (one := statistics(frame)) is not None]
    if not found:
        return None
    return {name: float(np.nanmean([one[name] for one in found])) for name in found[0]}


def told_apart(simulated: Sequence[Statistics], real: Sequence[Statistics]) -> float:
    """Return the AUC with which all statistics together tell real from simulated.

    Logistic regression on them and their squares, each fifth judged by the others;
    clips that follow each other, as those of a patient do, are kept together.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy
    from sklearn.model_selection import KFold, cross_val_predict  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import (  # noqa: PLC0415
        PolynomialFeatures,
        StandardScaler,
    )

    rows = np.array([list(one.values()) for one in (*simulated, *real)])
    truth = np.repeat([0.0, 1.0], [len(simulated), len(real)])
    # Fifths of each kind in their order, laid one after the other.
    fold = np.concatenate([np.arange(n) * 5 // n for n in (len(simulated), len(real))])
    order = np.argsort(fold, kind="stable")
    model = make_pipeline(
        StandardScaler(),
        PolynomialFeatures(2, include_bias=False),
        LogisticRegression(C=0.1, class_weight="balanced", max_iter=2000),
    )
    said = cross_val_predict(
        model, rows[order], truth[order], cv=KFold(5), method="decision_function"
    )
    return roc_auc(truth[order], np.asarray(said, np.float64))


def compared(
    simulated: Sequence[Statistics], real: Sequence[Statistics]
) -> dict[str, Any]:
    """Return each statistic of both kinds: median, 10th and 90th percentile.

    ``real_is_more`` is how often a real clip has more of it than a simulated one.
    """
    table = {}
    for name in real[0]:
        one = np.array([found[name] for found in simulated])
        other = np.array([found[name] for found in real])
        truth = np.repeat([0.0, 1.0], [len(one), len(other)])
        more = roc_auc(truth, np.concatenate([one, other]))
        table[name] = {
            "simulated": [plain(v) for v in np.percentile(one, [50, 10, 90])],
            "real": [plain(v) for v in np.percentile(other, [50, 10, 90])],
            "real_is_more": plain(more),
            "off": bool(max(more, 1 - more) > OFF),
        }
    return table
