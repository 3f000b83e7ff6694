"""The answer to the question of a sweep: which TTL reaches the wanted hit ratio."""

import math

from loadtests.experiments.figures.pooled import doubted_ttls, pool
from loadtests.experiments.figures.trial_figures import TrialFigures


def wanted_ttl_sentence(wanted: float, trials: list[TrialFigures]) -> str:
    """Return which TTL reaches the wanted hit ratio, or why that is unknown."""
    pooled = pool(trials)
    reaching = next((each for each in pooled if each.low >= wanted), None)
    below = math.inf if reaching is None else reaching.ttl_seconds
    unknown = ", and ".join(
        [f"TTL {ttl:g} s is doubted" for ttl in doubted_ttls(trials) if ttl < below]
        + [
            f"TTL {each.ttl_seconds:g} s is too close to call ({each.low:.3f} to {each.high:.3f})"
            for each in pooled
            if each.low < wanted <= each.high and each.ttl_seconds < below
        ]
    )
    if reaching is not None:
        found = (
            f"The smallest TTL measured that reaches a hit ratio of {wanted:g} is "
            f"{reaching.ttl_seconds:g} s ({reaching.hit_ratio:.3f})."
        )
        return f"{found} Whether a smaller one does is unknown: {unknown}." if unknown else found
    best = max(pooled, key=lambda each: each.hit_ratio, default=None)
    the_best = f"the best is {best.hit_ratio:.3f} at {best.ttl_seconds:g} s" if best else ""
    if unknown:
        ending = f"; of the trusted ones {the_best}" if best else ""
        return f"Whether a TTL reaches a hit ratio of {wanted:g} is unknown: {unknown}{ending}."
    if best is None:
        return f"Whether a TTL reaches a hit ratio of {wanted:g} is unknown: no trial has one."
    longest = pooled[-1].ttl_seconds
    return (
        f"No TTL measured reaches a hit ratio of {wanted:g}: {the_best}. "
        f"Whether one above {longest:g} s does was not measured."
    )
