"""Measure how many loads each expiry of a hot key causes, by protection.

All traffic asks for one key, so its expiry can stampede: every lookup that finds it gone may load
it from the store. The bench counts loads per refresh under each protection, compares them with
theory, and reports how long lookups around an expiry take. It runs for about eight minutes.

Example:
  python -m loadtests stampede --modes none,lease --refreshes 10
"""

import argparse
from dataclasses import replace

from rich.console import Console

from loadtests.experiments.commands.progress_bar import ProgressBar
from loadtests.experiments.commands.report import publish
from loadtests.experiments.commands.stack_flags import add_stack_flags, chosen_stack
from loadtests.experiments.commands.usage import (
    Verbs,
    add_field_flags,
    add_output_flags,
    add_verb,
    given_values,
    make_output_folder,
)
from loadtests.experiments.plan.stampede_plan import MODES, STAMPEDE_FIELDS, make_stampede_plan
from loadtests.experiments.trial.stampede_trials import expected_seconds, run_stampede

# Threads and connections for 50 loads at once over two processes, or they would hide the stampede.
ROOMY = {"THREADS": "128", "STORE_POOL_SIZE": "128"}


def add_to(verbs: Verbs) -> None:
    """Declare the verb and its flags."""
    parser = add_verb(verbs, "stampede", __doc__, run)
    parser.usage = "python -m loadtests stampede [--modes none,lease,…] [options]"
    parser.add_argument(
        "--modes",
        default=",".join(MODES),
        help="Protections to measure, separated by commas (default %(default)s)",
    )
    add_field_flags(parser, STAMPEDE_FIELDS)
    add_stack_flags(parser, service_processes=2)
    add_output_flags(parser, "stampede")


def run(options: argparse.Namespace, notes: Console) -> int:
    """Measure every protection and print the answer; return the exit code."""
    stack = chosen_stack(options, ROOMY)
    plan = make_stampede_plan(options.modes, given_values(options, STAMPEDE_FIELDS))
    folder = make_output_folder(options.output, "stampede")
    notes.print(stack.entering)
    with stack:
        for line in stack.lines:
            notes.print(line)
        plan = replace(plan, processes=len(stack.service_urls))
        expected = expected_seconds(plan)
        notes.print(f"about {sum(expected.values()) / 60:.1f} min")
        with ProgressBar(notes, expected) as progress:
            run_stampede(plan, stack, folder, progress)
    return publish(folder, notes, as_object=options.json)
