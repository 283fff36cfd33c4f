"""What keeps a report from holding limits on its figures."""

from collections.abc import Mapping, Sequence

from skmia.audit._figures import Figure
from skmia.audit._guards import VOIDING, Guard
from skmia.metrics import Metric, get_metric
from skmia.utils import check_option, check_real


def exceeded(
    figures: Sequence[Figure],
    n_nonmembers: Mapping[str, int],
    limits: Mapping[str, float],
    compare: str,
    guards: Sequence[Guard],
) -> list[str]:
    """One line for each limit that is not kept, and for what keeps none."""
    check_option(compare, "compare", ("upper", "value"))
    if not isinstance(limits, Mapping) or not limits:
        raise ValueError(
            "The 'limits' parameter must be a dict of metric name to limit, such as "
            f"{{'auc': 0.6}}. Got {limits!r} instead."
        )
    known = list(dict.fromkeys(figure.metric for figure in figures))
    metrics = {}
    # All of them are looked up first: a figure without a meaning keeps no limit.
    for name, limit in limits.items():
        metric = get_metric(name)
        metrics[metric] = check_real(limit, f"limits[{name!r}]", 0, 1, closed="left")
        if metric.name not in known:
            raise ValueError(
                f"The 'limits' parameter must be on metrics of the report, {known}. "
                f"Got {name!r} instead."
            )
        check_resolvable(metric, n_nonmembers)
    lines = []
    for metric, limit in metrics.items():
        attack, reading = _worst(figures, metric, compare)
        # The comparison that NaN does not pass.
        if not reading <= limit:
            verb = "may be up to" if compare == "upper" else "is"
            lines.append(
                f"{metric.name} {verb} {reading:.4g} ({attack}), over {limit:g}"
            )
    lines += [
        f"'{guard.name}': {guard.message} No limit is kept by such figures."
        for guard in guards
        if guard.name in VOIDING and guard.severity == "warning"
    ]
    return lines + [
        f"{name} of '{attack}' is below chance, by its whole interval, and no limit is "
        "kept by that: the two sets may be swapped, the members may not be the "
        "training rows, or the model answers against its memory and the attack has to "
        "be turned round"
        for attack, name in _below_chance(figures, list(metrics))
    ]


def _worst(
    figures: Sequence[Figure], metric: Metric, compare: str
) -> tuple[str, float]:
    readings = [
        (
            f.attack + ", per person" * (f.unit == "person"),
            f.high if compare == "upper" else f.value,
        )
        for f in figures
        if f.metric == metric.name
    ]
    # What was not measured is the worst.
    known = [(attack, float("nan") if r is None else r) for attack, r in readings]
    return max(known, key=lambda pair: (pair[1] != pair[1], pair[1]))


def _below_chance(
    figures: Sequence[Figure], metrics: Sequence[Metric]
) -> list[tuple[str, str]]:
    """Attacks that do worse than guessing, with the metric that shows it.

    The AUC is looked at whatever is limited. A TPR below its FPR counts where the AUC
    is not above chance: an attack that finds members may be weak at the very top.
    """
    auc = get_metric("auc")
    ends = {
        (figure.attack, figure.unit, figure.metric): (figure.low, figure.high)
        for figure in figures
        if figure.low is not None and figure.high is not None
    }
    found = []
    for attack, unit in dict.fromkeys((f.attack, f.unit) for f in figures):
        is_above = ends[attack, unit, auc.name][0] > auc.chance
        for metric in dict.fromkeys((auc, *metrics)):
            if not is_above and ends[attack, unit, metric.name][1] < metric.chance:
                found.append((attack, metric.name))
                break
    return list(dict.fromkeys(found))


def check_resolvable(metric: Metric, n_nonmembers: Mapping[str, int]) -> None:
    """Raise where a figure means nothing, with so many non-members of each unit.

    Per person, too: rows of one person are no more than one.
    """
    metric.check_resolvable(n_nonmembers["row"])
    if "person" in n_nonmembers:
        metric.check_resolvable(n_nonmembers["person"], "non-member persons")
