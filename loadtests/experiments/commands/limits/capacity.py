"""Find the highest arrival rate that the service answers quickly enough.

The rate climbs until the p99 of all lookups, counted from their intended start, no longer stays
below a bound; then the search narrows down where that happens. The answer is the low end: the
highest rate at which the bound surely holds. If the load generator reached its own limit first,
the answer says so. There is one search for each hit ratio, reached by the TTL that theory gives
for each rate, or for each TTL.

Example:
  python -m loadtests capacity --max-p99-ms 20 --hit-ratio 0.5,0.9
  python -m loadtests capacity --max-p99-ms 100 --ttl-seconds 30 --service-url http://127.0.0.1:8000
  python -m loadtests capacity --ttl-seconds 30 --target-url 'http://127.0.0.1:8080/api/{key}'
"""

import argparse

from rich.console import Console

from loadtests.experiments.capacity.capacity_plan import (
    CAPACITY_FIELDS,
    CapacityPlan,
    make_capacity_plan,
)
from loadtests.experiments.commands.flags.own_service_flags import (
    add_own_service_flags,
    chosen_target,
    searched_target,
    with_items,
)
from loadtests.experiments.commands.progress_bar import ProgressBar
from loadtests.experiments.commands.report import publish
from loadtests.experiments.commands.stack_flags import add_stack_flags, chosen_stack
from loadtests.experiments.commands.usage import (
    UsageError,
    Verbs,
    add_field_flags,
    add_output_flags,
    add_verb,
    given_values,
    make_output_folder,
)
from loadtests.experiments.limits.capacity_trials import run_capacity
from loadtests.experiments.plan.fields import KNOBS
from loadtests.experiments.trial.target_stack import TargetStack
from loadtests.stack.stack import Stack


def add_to(verbs: Verbs) -> None:
    """Declare the verb and its flags."""
    parser = add_verb(verbs, "capacity", __doc__, run)
    parser.usage = "python -m loadtests capacity [--max-p99-ms MS] [--hit-ratio R,…] [options]"
    parser.add_argument(
        "--hit-ratio",
        metavar="R,…",
        help="Hit ratios, separated by commas; theory gives each rate its TTL (default 0.5,0.9)",
    )
    parser.add_argument(
        "--ttl-seconds", metavar="S,…", help="TTLs to search with instead, separated by commas"
    )
    add_field_flags(parser, CAPACITY_FIELDS)
    knobs = parser.add_argument_group(
        "knobs", "Set before each step; without a flag the service keeps its own value."
    )
    add_field_flags(knobs, KNOBS, show_default=False)
    add_stack_flags(parser)
    add_own_service_flags(parser, "--ttl-seconds", "step")
    add_output_flags(parser, "capacity")


def run(options: argparse.Namespace, notes: Console) -> int:
    """Search, and print the answer; return the exit code, 1 if no rate holds the bound."""
    plan, stack = _chosen(options)
    most = plan.most_seconds(plan.popularity())
    folder = make_output_folder(options.output, "capacity")
    notes.print(stack.entering)
    with stack:
        for line in stack.lines:
            notes.print(line)
        minutes = sum(most.values()) / 60
        notes.print(
            f"searches: {len(plan.goals)}; at most {plan.rates.most_steps} steps each, "
            f"at most {minutes:.0f} min together"
        )
        with ProgressBar(
            notes, most, subject=lambda trial: f"step {trial.number} of at most {len(most)}"
        ) as progress:
            run_capacity(plan, stack, folder, progress)
    return publish(folder, notes, as_object=options.json)


def _chosen(options: argparse.Namespace) -> tuple[CapacityPlan, Stack]:
    """Return the search that is asked for, and what it measures."""
    own, given = chosen_target(options), given_values(options, CAPACITY_FIELDS)
    if own is not None:
        given = with_items(own[0], given)
    plan = make_capacity_plan(
        given, given_values(options, KNOBS), options.hit_ratio, options.ttl_seconds
    )
    if own is None:
        return plan, chosen_stack(options)
    if options.redis_url:
        raise UsageError(
            "--redis-url is not read by a search for the capacity of a target; leave it out"
        )
    return plan, TargetStack(searched_target(*own, plan, options.set_ttl), None)
