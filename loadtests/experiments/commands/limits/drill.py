"""Break Redis or the database under a steady load, and show what clients saw.

A drill warms the cache, measures for a while, breaks one server, mends it, and measures on. The
table shows each phase: lookups that failed, bypassed lookups, reads of the database, response
times, and the seconds after the mending until all was well. It breaks only servers that it starts
itself, or with --compose the containers of docker-compose.yml.

Example:
  python -m loadtests drill redis-kill
  python -m loadtests drill --list
  python -m loadtests drill redis-freeze store-freeze --rate 100 --seconds 20
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from loadtests.experiments.commands.progress_bar import ProgressBar
from loadtests.experiments.commands.report import publish
from loadtests.experiments.commands.stack_flags import MOST_PROCESSES
from loadtests.experiments.commands.usage import (
    UsageError,
    Verbs,
    add_field_flags,
    add_output_flags,
    add_verb,
    given_values,
    make_output_folder,
    whole_number,
)
from loadtests.experiments.drills.drill_doc import BEGIN, END, has_marks, write_table
from loadtests.experiments.drills.drill_plan import DRILL_FIELDS, make_drill_plan
from loadtests.experiments.limits.drill_trials import BreakableStack, run_drills
from loadtests.experiments.plan.fields import KNOBS
from loadtests.stack.compose import ComposeStack
from loadtests.stack.faults.drill_faults import DRILL_FAULTS, DrillFault
from loadtests.stack.local import LocalStack

ALL = "all"


def add_to(verbs: Verbs) -> None:
    """Declare the verb and its flags."""
    parser = add_verb(verbs, "drill", __doc__, run)
    parser.usage = "python -m loadtests drill NAME… [options]"
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help=f"What to break, see --list; {ALL} runs every one"
    )
    parser.add_argument("--list", action="store_true", help="Print every name and what it breaks")
    add_field_flags(parser, DRILL_FIELDS)
    knobs = parser.add_argument_group(
        "knobs", "Set before each drill; without a flag the service keeps its own value."
    )
    add_field_flags(knobs, KNOBS, show_default=False)
    stack = parser.add_argument_group("stack", "What is broken.")
    stack.add_argument(
        "--compose",
        action="store_true",
        help="Use the containers of docker-compose.yml; stop them again unless they were running",
    )
    stack.add_argument(
        "--service-processes",
        metavar="N",
        default="2",
        help=f"Processes or containers of the service (1 to {MOST_PROCESSES}; default 2)",
    )
    add_output_flags(parser, "drill")
    parser.add_argument(
        "--page",
        metavar="FILE",
        help="Write the table into this page of Markdown too, as into docs/drills.md",
    )


def run(options: argparse.Namespace, notes: Console) -> int:
    """Run every drill that was named and print the answer; return the exit code.

    Raises:
        UsageError: A name is unknown, or the folder is not writable.
        StackError: A server does not start, cannot be broken, or does not come back.
    """
    if options.list:
        for fault in DRILL_FAULTS:
            where = "" if fault.on_compose else " (local stack only)"
            print(f"{fault.name:18}{fault.about}{where}")  # noqa: T201 - stdout is for the answer
        return 0
    faults = _chosen(options.names, compose=options.compose)
    plan = make_drill_plan(
        tuple(fault.name for fault in faults),
        given_values(options, DRILL_FIELDS),
        given_values(options, KNOBS),
    )
    page = _page(options.page)
    stack = _stack(options, faults)
    folder = make_output_folder(options.output, "drill")
    notes.print(stack.entering)
    with stack:
        for line in stack.lines:
            notes.print(line)
        minutes, seconds = divmod(round(sum(plan.expected_seconds.values())), 60)
        notes.print(f"drills: {len(faults)}; about {minutes} min {seconds} s")
        names = dict(enumerate(plan.drills, start=1))
        with ProgressBar(
            notes, plan.expected_seconds, subject=lambda trial: f"drill {names[trial.number]}"
        ) as progress:
            run_drills(plan, faults, stack, folder, progress)
    if page is not None:
        write_table(page, folder)
        notes.print(f"table: {page}")
    return publish(folder, notes, as_object=options.json)


def _chosen(names: Sequence[str], *, compose: bool) -> list[DrillFault]:
    """Return the faults of these names.

    Raises:
        UsageError: There is no name, or one that is unknown or not for compose.
    """
    known = {fault.name: fault for fault in DRILL_FAULTS if fault.on_compose or not compose}
    wanted = list(known) if list(names) == [ALL] else list(dict.fromkeys(names))
    place = " with --compose" if compose else ""
    if not wanted:
        raise UsageError(f"name what to break{place}: {', '.join(known)}, or {ALL}")
    for name in wanted:
        if name not in known:
            raise UsageError(
                f"there is no drill {name!r}{place}; known are {', '.join(known)}, and {ALL}"
            )
    return [known[name] for name in wanted]


def _page(given: str | None) -> Path | None:
    """Return the page for the table.

    Raises:
        UsageError: It cannot be read, or has no place for the table.
    """
    if given is None:
        return None
    page = Path(given)
    try:
        marked = has_marks(page)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--page {page} cannot be read: {error}; name another") from None
    if not marked:
        raise UsageError(f"--page {page} lacks the lines {BEGIN.strip()} and {END.strip()}")
    return page


def _stack(options: argparse.Namespace, faults: Sequence[DrillFault]) -> BreakableStack:
    processes = whole_number("--service-processes", options.service_processes, "2", MOST_PROCESSES)
    if options.compose:
        return ComposeStack(["service"], replicas=processes)
    return LocalStack(
        processes,
        # SQLite is a file: only a server can be broken.
        "mariadb" if any(fault.of_store for fault in faults) else "auto",
        proxied=any(fault.proxied for fault in faults),
    )
