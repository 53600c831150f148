"""Regression on daily series: errors that follow the day before, days that are odd, and a load whose effect bends.

The model is `outcome = columns + g(load) + error`. `g` is the logarithm of a cost that is partly fixed and partly in
proportion to the load; its elasticity is fitted. The error has a first-order autocorrelation that is not known: it
is fitted at each value of `AUTOCORRELATIONS`, and the fits are averaged by how likely the data make each value
(restricted likelihood). A missing day is simply absent: the days around it are further apart.

Many looks at one series are fitted at once. Arrays have the axes that their comments name, in this order:
autocorrelation, look, day, column.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

Floats = NDArray[np.float64]
Days = NDArray[np.int64]
Mask = NDArray[np.bool_]

AUTOCORRELATIONS = np.arange(10) / 10
# A normal error's median absolute size, in standard deviations
MEDIAN_OF_NORMAL = 0.6744897501960817
# A day so many robust spreads from what its neighbours say, and by at least this much, is odd
ODD_SPREADS = 4.0
ODD_LEAST = 0.01
# More odd days than this, before the change or after it, are no accidents but what the series is like, and none is
# left out: where one day of twenty is odd, so many or fewer are in all but five cases of a thousand.
ODD_RATE, TOO_MANY = 0.05, 0.005
# Robust steps: the first ones bound a day's weight (Huber), the later ones end it (Tukey)
HUBER, TUKEY = 1.5, 4.5
ROBUST_STEPS, HUBER_STEPS = 8, 3
RIDGE = 1e-9


@dataclass(frozen=True)
class Series:
    """What is regressed. Load is in proportion to a usual one; the last of the columns is the one of interest."""

    outcome: Floats  # (day)
    load: Floats  # (day)
    columns: Floats  # (day, column)
    days: Days  # (day)

    def bent(self, elasticity: Floats) -> tuple[Floats, Floats]:
        """The curve at these elasticities and its slope there: (look, day) each."""
        share = 1 + elasticity[:, None] * (self.load - 1)
        return np.log(share), (self.load - 1) / share


@dataclass(frozen=True)
class Fit:
    """The coefficient of the last column at each look, and how sure it is."""

    estimate: Floats
    error: Floats
    freedom: Floats
    # Of the estimate's own distribution: that of the errors, as far as few of them decide it
    excess_kurtosis: Floats
    is_identified: Mask


def fit(series: Series, used: Mask, doubtful: int | None = None, probability: float = 1.0) -> Fit:
    """The fit at each look over the days that it uses (look, day), odd ones left out.

    The `doubtful` column belongs to the model with this probability only: the fits with and without it are averaged.
    """
    elasticity, kept = _without_odd_days(series, used)
    found = _generalized(series, kept, elasticity)
    if doubtful is None:
        return found
    plain = replace(series, columns=np.delete(series.columns, doubtful, axis=1))
    return _average(_generalized(plain, kept, elasticity), found, probability)


def _average(plain: Fit, full: Fit, probability: float) -> Fit:
    """Two models' estimates as one, `full` with this probability; that they differ is part of its error."""
    shares = np.array([1 - probability, probability])[:, None]
    estimates = np.array([plain.estimate, full.estimate])  # (model, look)
    estimate = (shares * estimates).sum(axis=0)
    variance = (shares * (np.array([plain.error, full.error]) ** 2 + (estimates - estimate) ** 2)).sum(axis=0)
    return Fit(
        estimate,
        np.sqrt(variance),
        full.freedom,
        np.maximum(plain.excess_kurtosis, full.excess_kurtosis),
        plain.is_identified & full.is_identified,
    )


def gains(series: Series, used: Mask, candidates: Floats) -> Floats:
    """By how much each further column (day, candidate), alone, makes the used days (day) likelier, in logarithms."""
    elasticity, kept = _without_odd_days(series, used[None])
    rows = np.flatnonzero(kept[0])
    design = _design(series, elasticity)[0, rows]
    best, left, further = -np.inf, np.empty(0), np.empty((0, 0))
    for follows, scale in zip(*whitening(series.days[rows], np.ones((1, len(rows)), bool)), strict=True):
        first, last = np.maximum(np.arange(len(rows)) - 1, 0)[None], np.hstack([design, candidates[rows]])[None]
        whitened = _whiten(last, first, follows[None], scale[None])[0, 0]
        basis, triangle = np.linalg.qr(whitened[:, : design.shape[1] - 1])
        rest = whitened[:, design.shape[1] - 1 :]
        rest = rest - basis @ (basis.T @ rest)
        freedom = len(rows) - design.shape[1] + 1
        diagonal = np.maximum(np.abs(np.diag(triangle)), 1e-9)
        likelihood = np.log(scale).sum() - freedom / 2 * np.log(max(rest[:, 0] @ rest[:, 0], 1e-24))
        likelihood -= np.log(diagonal).sum()
        if likelihood > best:
            best, left, further = likelihood, rest[:, 0], rest[:, 1:]
    squares, total = np.sum(further**2, axis=0), max(left @ left, 1e-24)
    told_apart = squares > 1e-6 * len(rows)
    explained = np.where(told_apart, (further.T @ left) ** 2 / np.where(told_apart, squares, 1.0), 0.0)
    return freedom / 2 * np.log(total / np.maximum(total - explained, 1e-12 * total))


def _without_odd_days(series: Series, used: Mask) -> tuple[Floats, Mask]:
    """A first elasticity of each look, and the days that are kept: (look, day)."""
    elasticity, residuals = _robust(series, used)
    return elasticity, used & ~_odd_days(residuals, used, series)


def _robust(series: Series, used: Mask) -> tuple[Floats, Floats]:
    """Elasticity of each look, and its residuals (look, day), which odd days do not move."""
    looks, columns = len(used), series.columns.shape[1] + 1
    freedom = used.sum(axis=1) - columns
    elasticity, weight = np.full(looks, 0.5), used.astype(float)
    residuals = np.zeros(used.shape)
    for step in range(ROBUST_STEPS):
        curve, slope = series.bent(elasticity)
        design = np.concatenate([np.broadcast_to(series.columns, (looks, *series.columns.shape)), slope[..., None]], -1)
        weighted = design * weight[..., None]
        outcome = series.outcome - curve
        gram = _ridged(np.swapaxes(weighted, -1, -2) @ design)
        coefficients = np.linalg.solve(gram, np.einsum("lnc,ln->lc", weighted, outcome)[..., None])[..., 0]
        residuals = outcome - np.einsum("lnc,lc->ln", design, coefficients)
        elasticity = np.clip(elasticity + coefficients[:, -1], 0.0, 1.0)
        size = np.abs(residuals) / np.maximum(_spread(residuals, used, freedom), 1e-9)[:, None]
        if step < HUBER_STEPS:
            weight = used * np.minimum(1, HUBER / np.maximum(size, 1e-9))
        else:
            weight = used * np.where(size < TUKEY, (1 - (size / TUKEY) ** 2) ** 2, 0.0)
    return elasticity, residuals


def _spread(values: Floats, used: Mask, freedom: NDArray[np.int64]) -> Floats:
    """Robust standard deviation of each look; the factor makes up for the coefficients that were fitted."""
    count = used.sum(axis=1)
    ordered = np.sort(np.where(used, np.abs(values), np.inf), axis=1)
    middle = [np.take_along_axis(ordered, at[:, None], axis=1)[:, 0] for at in ((count - 1) // 2, count // 2)]
    return (middle[0] + middle[1]) / 2 / MEDIAN_OF_NORMAL * np.sqrt(count / np.maximum(freedom, 1))


def _odd_days(residuals: Floats, used: Mask, series: Series) -> Mask:
    """Days whose residual is far from what the days beside it lead to expect."""
    freedom = used.sum(axis=1) - series.columns.shape[1] - 1
    before, after = _neighbours(used)
    bound = 3 * _spread(residuals, used, freedom)[:, None]
    tame = np.clip(residuals, -bound, bound)
    follows = _autocorrelation(tame, used, series.days, before)[:, None]
    last = len(series.days) - 1
    # correlations with the day used before, and with the one after
    left = np.where(before >= 0, follows ** (series.days - series.days[np.maximum(before, 0)]), 0.0)
    right = np.where(after <= last, follows ** (series.days[np.minimum(after, last)] - series.days), 0.0)
    beside = (np.take_along_axis(tame, np.clip(at, 0, last), axis=1) for at in (before, after))
    unlike = 1 - (left * right) ** 2
    weights = left * (1 - right**2) / unlike, right * (1 - left**2) / unlike
    expected = sum(weight * value for weight, value in zip(weights, beside, strict=True))
    width = np.sqrt((1 - left**2) * (1 - right**2) / unlike)
    off = (residuals - expected) / width
    limit = ODD_SPREADS * _spread(off, used, freedom)[:, None]
    odd = used & (np.abs(off) > limit) & (np.abs(residuals - expected) > ODD_LEAST)
    accidents = np.zeros_like(odd)
    for side in (series.columns[:, -1] > 0, series.columns[:, -1] <= 0):
        found, days = (odd & side).sum(axis=1), (used & side).sum(axis=1)
        # the chance of so many or more
        is_accident = bdtrc(found - 1, days, ODD_RATE) >= TOO_MANY
        accidents |= odd & side & is_accident[:, None]
    return accidents


def _neighbours(used: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(look, day): the place of the day used before, -1 without one, and of the one after, past the end without."""
    looks, count = used.shape
    places = np.arange(count)
    before = np.maximum.accumulate(np.where(used, places, -1), axis=1)
    after = np.minimum.accumulate(np.where(used, places, count)[:, ::-1], axis=1)[:, ::-1]
    none_before, none_after = np.full((looks, 1), -1), np.full((looks, 1), count)
    return np.hstack([none_before, before[:, :-1]]), np.hstack([after[:, 1:], none_after])


def _autocorrelation(residuals: Floats, used: Mask, days: Days, before: NDArray[np.int64]) -> Floats:
    """Of each look, from day to day. Residuals are less alike than errors, by about (1 + 4 r) / n."""
    place = np.maximum(before, 0)
    adjacent = used & (before >= 0) & (days - days[place] == 1)
    products = residuals * np.take_along_axis(residuals, place, axis=1) * adjacent
    found = products.sum(axis=1) / np.maximum((residuals**2 * used).sum(axis=1), 1e-300)
    return np.clip(found + (1 + 4 * found) / used.sum(axis=1), AUTOCORRELATIONS[0], AUTOCORRELATIONS[-1])


def _generalized(series: Series, used: Mask, elasticity: Floats) -> Fit:
    """Generalized least squares, averaged over the autocorrelations; the elasticity is improved once on the way."""
    follows, scale = whitening(series.days, used)
    place = np.maximum(_neighbours(used)[0], 0)
    rank, is_identified = _rank(series, used)
    freedom = used.sum(axis=1) - rank
    for step in range(2):
        whitened = _whiten(_design(series, elasticity), place, follows, scale)
        gram = np.swapaxes(whitened, -1, -2) @ whitened
        inverse = np.linalg.inv(_ridged(gram[..., :-1, :-1]))
        coefficients = (inverse @ gram[..., :-1, -1:])[..., 0]
        explained = (coefficients * gram[..., :-1, -1]).sum(axis=-1)
        squares = np.maximum(gram[..., -1, -1] - explained, 1e-24)  # (autocorrelation, look)
        likelihood = np.log(np.where(used, scale, 1.0)).sum(axis=-1) - np.maximum(freedom, 1) / 2 * np.log(squares)
        likelihood -= np.linalg.slogdet(_ridged(gram[..., :-1, :-1]))[1] / 2
        weight = np.exp(likelihood - likelihood.max(axis=0))
        weight /= weight.sum(axis=0)
        if step == 0:
            elasticity = np.clip(elasticity + (weight * coefficients[..., 0]).sum(axis=0), 0.0, 1.0)
    estimates = coefficients[..., -1]
    estimate = (weight * estimates).sum(axis=0)
    variances = squares / np.maximum(freedom, 1) * inverse[..., -1, -1]
    variance = (weight * (variances + (estimates - estimate) ** 2)).sum(axis=0)
    best = likelihood.argmax(axis=0), np.arange(len(used))
    kurtosis = _excess_kurtosis(whitened[best], inverse[best][:, -1], coefficients[best], used)
    return Fit(estimate, np.sqrt(variance), freedom, kurtosis, is_identified)


def whitening(days: Days, used: Mask) -> tuple[Floats, Floats]:
    """(autocorrelation, look, day): how much of the day used before is taken off a day, and what it is scaled by."""
    before = _neighbours(used)[0]
    apart = days - days[np.maximum(before, 0)]
    follows = AUTOCORRELATIONS[:, None, None] ** np.maximum(apart, 0)
    follows = np.where(used & (before >= 0), follows, 0.0)
    return follows, np.where(used, 1 / np.sqrt(1 - follows**2), 0.0)


def _whiten(values: Floats, place: NDArray[np.int64], follows: Floats, scale: Floats) -> Floats:
    """(look, day, column) without what the day before explains, for each autocorrelation."""
    earlier = np.take_along_axis(values, place[..., None], axis=1)
    return (values - follows[..., None] * earlier) * scale[..., None]


def _design(series: Series, elasticity: Floats) -> Floats:
    """(look, day, column): the slope of the curve first, the outcome without the curve last."""
    curve, slope = series.bent(elasticity)
    columns = np.broadcast_to(series.columns, (len(elasticity), *series.columns.shape))
    return np.concatenate([slope[..., None], columns, (series.outcome - curve)[..., None]], axis=-1)


def _rank(series: Series, used: Mask) -> tuple[NDArray[np.int64], Mask]:
    """Of each look's design: how many columns its days tell apart, and whether the last is one of them."""
    design = _design(series, np.full(len(used), 0.5))[..., :-1] * used[..., None]
    gram = np.swapaxes(design, -1, -2) @ design
    count = used.sum(axis=1)
    rank = (np.linalg.eigvalsh(gram) > 1e-7 * count[:, None]).sum(axis=1)
    return rank, 1 / np.linalg.inv(_ridged(gram))[..., -1, -1] > 1e-6 * count


def _excess_kurtosis(whitened: Floats, inverse: Floats, coefficients: Floats, used: Mask) -> Floats:
    """Of each look's estimate: the kurtosis of its errors times how few of them it rests on (Cornish and Fisher)."""
    errors = used * (whitened[..., -1] - np.einsum("lnc,lc->ln", whitened[..., :-1], coefficients))
    count = used.sum(axis=1)
    squares = np.maximum((errors**2).sum(axis=1) / count, 1e-300)
    of_errors = np.clip((errors**4).sum(axis=1) / count / squares**2 - 3, 0.0, 6.0)
    influence = np.einsum("lnc,lc->ln", whitened[..., :-1], inverse) ** 2
    return of_errors * (influence**2).sum(axis=1) / np.maximum(influence.sum(axis=1) ** 2, 1e-300)


def _ridged(gram: Floats) -> Floats:
    """A Gram matrix that can be inverted whatever its columns: by a billionth of its mean diagonal."""
    size = gram.shape[-1]
    mean = np.trace(gram, axis1=-2, axis2=-1)[..., None, None] / size
    return gram + RIDGE * np.maximum(mean, 1e-12) * np.eye(size)
