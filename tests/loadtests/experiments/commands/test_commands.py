"""The command line: refusals, the choice of a stack, the load generator, progress."""

import argparse
import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from loadtests import cli
from loadtests.experiments.commands import stack_flags, sweep
from loadtests.experiments.commands.progress_bar import ProgressBar
from loadtests.experiments.commands.usage import UsageError
from loadtests.experiments.plan.fields import Given
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.plan.trial_order import Trial
from loadtests.experiments.records.records import save_run
from loadtests.experiments.trial import locust_process
from loadtests.experiments.trial.locust_process import LocustLoad
from loadtests.stack.addresses import GivenServers, GivenService
from loadtests.stack.local import LocalStack


def test_output_that_holds_files_is_refused_before_anything_starts(capsys, tmp_path):
    (tmp_path / "run.json").touch()

    code = cli.main(["sweep", "--output", str(tmp_path)])

    assert code == 2
    assert capsys.readouterr().err == (
        f"error: --output {tmp_path} holds files already; name a new folder\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        *(["sweep", "--metrics-port", "0"], ["stampede", "--rate", "0"], ["sweep", "--plan", ""]),
        ["drill", "redis-kill", "--seconds", "0"],
    ],
)
def test_refused_run_leaves_no_folder(capsys, tmp_path, arguments):
    code = cli.main([*arguments, "--output", str(tmp_path / "run")])

    assert code == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "flag",
    [
        *("--output", "--redis-url", "--database-url", "--service-url", "--trace"),
        *("--target-url", "--set-ttl", "--resume", "--plan"),
    ],
)
def test_flag_whose_variable_was_empty_is_refused_before_anything_starts(
    capsys, tmp_path, monkeypatch, flag
):
    monkeypatch.chdir(tmp_path)

    assert cli.main(["sweep", "--ttl", "1", flag, ""]) == 2

    refusal = capsys.readouterr().err
    assert refusal.startswith("error: ")
    assert refusal.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_unknown_word_is_refused_with_the_help_of_its_verb(capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["compare", "a", "b", "--bogus"])

    refusal = capsys.readouterr().err
    assert refusal.startswith("error: unrecognized arguments: --bogus; see ")
    assert refusal.endswith("compare --help\n")


def test_refusal_of_a_bad_trace_line_does_not_quote_it(capsys, tmp_path):
    (tmp_path / "ids.txt").write_text("root:x:0")

    cli.main(["sweep", "--trace", str(tmp_path / "ids.txt")])

    refusal = capsys.readouterr().err
    assert "line 1: an id must be 1 to 2147483647" in refusal
    assert "root:x:0" not in refusal


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--trace-folder", "/nowhere"], "error: --trace-folder must be a folder, got"),
        (["sweep", "--rate", "-5"], "error: --rate: rate must be a number from 0.01"),
        (["sweep", "--ttl", "1,x"], "error: --ttl: ttl_seconds must be a number, got '1,x'"),
        (["sweep", "--plan", "nowhere"], "error: plan 'nowhere' is not a file"),
        (["sweep", "--skew", "eleven"], "error: --skew: skew must be"),
        (["sweep", "--protection", "luck"], "error: --protection: protection must be one of"),
        (["sweep", "--trace", "/nowhere"], "error: trace /nowhere cannot be read"),
        (["sweep", "--service-url", "ftp://x"], "error: --service-url must be http://host:port"),
        (
            ["sweep", "--service-url", "http://[::1"],
            "error: --service-url must be http://host:port",
        ),
        (["sweep", "--service-processes", "0"], "error: --service-processes must be a whole"),
        (["sweep", "--service-processes", "²"], "error: --service-processes must be a whole"),
        (
            ["sweep", "--redis-url", "foo"],
            "error: --redis-url must be redis://host:port, got 'foo'",
        ),
        (
            ["sweep", "--redis-url", "redis://:secret@x:port"],
            "error: --redis-url must be redis://host:port, got 'x:port'",
        ),
        (["sweep", "--redis-url", "redis://x"], "error: --database-url is missing"),
        (["sweep", "--output", "/proc/x"], "error: --output /proc/x cannot be written"),
        (["report", "/nowhere"], "error: /nowhere holds no run.json"),
        (["run", "--service-port", "abc"], "error: --service-port must be a whole number from 1"),
        (["sweep", "--metrics-port", "0"], "error: --metrics-port must be a whole number from 1"),
        (
            ["bench", "freeze-chart", "/nowhere", "/nowhere", "/nowhere", "chart.svg"],
            "error: /nowhere holds no samples; name the --record folder of a Locust run",
        ),
        (["drill"], "error: name what to break: redis-kill, redis-freeze, redis-slow, redis-bl"),
        (["drill", "luck"], "error: there is no drill 'luck'; known are redis-kill, redis-fre"),
        (["drill", "redis-slow", "--compose"], "error: there is no drill 'redis-slow' with --com"),
        (["drill", "redis-kill", "--page", "/nowhere"], "error: --page /nowhere cannot be read"),
        (["drill", "redis-kill", "--page", "/dev/null"], "error: --page /dev/null lacks the lines"),
        (["capacity", "--hit-ratio", "2"], "error: --hit-ratio must be numbers above 0 and below"),
        (
            ["capacity", "--max-p99-ms", "0"],
            "error: --max-p99-ms: max-p99-ms must be",
        ),
        (["drill", "redis-kill", "--ttl", "0"], "error: --ttl: ttl must be a number from 0.2"),
        (["drill", "redis-kill", "--rate", "x"], "error: --rate: rate must be a number from 1"),
        (["stampede", "--modes", "luck"], "error: --modes must be some of none, single-flight"),
        (["stampede", "--refreshes", "1"], "error: --refreshes: refreshes must be a whole"),
        (["sweep", "--trace", "~nobody-has-this/x"], "error: trace '~nobody-has-this/x' cannot be"),
        (["run", "--service-port", "9" * 5000], "error: --service-port must be a whole number"),
        (["profile", "--columns", f"key={'9' * 5000}", __file__], f"error: {__file__} has no"),
    ],
)
def test_user_error_is_one_line_and_exit_code_two(capsys, arguments, message):
    code = cli.main(arguments)

    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.startswith(message)
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["sweep"],
        ["stampede"],
        ["report"],
        ["drill"],
        ["capacity"],
        ["bench", "load"],
        ["bench", "service"],
        ["bench", "check"],
        ["bench", "freeze-chart"],
    ],
    ids=" ".join,
)
def test_help_of_every_verb_has_an_example(capsys, words):
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--help"])

    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert f"Example:\n  python -m loadtests {' '.join(words)}" in shown


@pytest.mark.parametrize("arguments", [[], ["fly"], ["bench"], ["sweep", "--speed", "3"]])
def test_unknown_arguments_are_refused_in_one_line_too(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)

    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_report_that_cannot_be_written_is_refused_in_one_line(capsys, tmp_path, run_record):
    save_run(tmp_path, run_record)
    (tmp_path / "report.html").mkdir()

    code = cli.main(["report", str(tmp_path)])

    assert code == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path}/report.html cannot be written: Is a directory; "
        f"copy {tmp_path} to where it can\n"
    )


def test_interrupt_ends_with_exit_code_130(capsys, monkeypatch):
    def interrupted(_options, _notes):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep, "run", interrupted)

    assert cli.main(["sweep"]) == 130
    assert "interrupted" in capsys.readouterr().err


def options(**given):
    defaults = {
        "compose": False,
        "service_url": None,
        "redis_url": None,
        "database_url": None,
        "database": "auto",
        "service_processes": "1",
    }
    return argparse.Namespace(**(defaults | given))


def test_stack_is_local_unless_addresses_are_given():
    assert isinstance(stack_flags.chosen_stack(options()), LocalStack)
    given = options(service_url=["http://127.0.0.1:1"], redis_url="redis://127.0.0.1")
    assert isinstance(stack_flags.chosen_stack(given), GivenService)
    servers = options(redis_url="redis://127.0.0.1", database_url="mysql+pymysql://u@h/d")
    assert isinstance(stack_flags.chosen_stack(servers), GivenServers)


def test_database_beside_a_given_service_is_refused():
    with pytest.raises(UsageError, match="leave one of the two out"):
        stack_flags.chosen_stack(options(service_url=["http://x"], database_url="mysql://x"))


class FakeGuardian:
    def start(self, name, argv, environment):
        self.started = (name, argv, environment)


def start(load, token=None, metrics_host=None):
    guardian = FakeGuardian()
    generator = LocustLoad(guardian, ["http://a", "http://b"], token, metrics_host)
    generator.start(load, 7, Path("/tmp/record"))
    name, argv, environment = guardian.started
    return name, " ".join(map(str, argv)), environment


def test_load_generator_gets_the_plan_as_load_flags():
    load = make_plan({"rate": Given(50, ""), "items": Given(9, "")}, {}).load

    name, line, environment = start(load, token="secret")

    assert name == "record"
    assert "--service-url http://a --service-url http://b" in line
    assert "--rate 50.0 --arrivals poisson --items 9 --skew 0.99 --popularity zipf" in line
    assert "--seed 7 --record /tmp/record" in line
    assert "--trace" not in line
    assert "--requests" not in line
    assert "secret" not in line
    assert environment == {"CONTROL_TOKEN": "secret"}
    assert "--metrics-port" not in line


def test_load_generator_serves_its_metrics_where_prometheus_may_scrape_them(monkeypatch):
    monkeypatch.setattr(locust_process, "is_taken", lambda _: False)

    _, line, _ = start(make_plan({}, {}).load, metrics_host="0.0.0.0")

    assert "--web-host 0.0.0.0 --metrics-port 9646" in line


def test_load_generator_serves_no_metrics_where_their_port_is_taken(monkeypatch):
    monkeypatch.setattr(locust_process, "is_taken", lambda port: port == 9646)

    _, line, _ = start(make_plan({}, {}).load, metrics_host="127.0.0.1")

    assert "--metrics-port" not in line


def test_replay_is_not_delayed_by_its_own_prediction(monkeypatch):
    """Its first request is measured already, and its prediction replays the whole trace."""
    monkeypatch.setattr(locust_process, "is_taken", lambda _: False)
    load = dataclasses.replace(make_plan({}, {}).load, trace=Path("ids.txt"))

    _, line, _ = start(load, metrics_host="127.0.0.1")

    assert "--metrics-port" not in line


def test_load_generator_gets_a_trace_by_its_path_and_length(tmp_path):
    trace = tmp_path / "ids.txt"
    trace.write_text("1\n")
    load = make_plan({"trace": Given(str(trace), ""), "requests": Given(1, "")}, {}).load

    _, line, environment = start(load)

    assert f"--trace {trace} --requests 1" in line
    assert "--skew" not in line
    assert "--missing" not in line
    assert environment == {}


def test_progress_without_a_terminal_is_one_line_per_trial(record):
    console = Console(file=io.StringIO(), width=100)

    with ProgressBar(console, {1: 10.0, 2: 10.0}) as bar:
        bar.phase(Trial(1, 1.0, 1, 1), "measure")
        bar.loaded(Trial(1, 1.0, 1, 1), 5.0)
        bar.finished(record())
        bar.finished(record(trial=Trial(2, 1.0, 1, 1), aborted="the load ended"))

    assert console.file.getvalue().splitlines() == [
        "trial 1/2, TTL 1 s: measured",
        "trial 2/2, TTL 1 s: aborted: the load ended",
    ]


def test_progress_on_a_terminal_shows_the_time_left():
    console = Console(file=io.StringIO(), width=100, force_terminal=True)

    with ProgressBar(console, {1: 10.0}) as bar:
        bar.phase(Trial(1, 0.5, 1, 1), "warm-up")
        bar.loaded(Trial(1, 0.5, 1, 1), 5.0)

    assert "TTL 0.5 s: warm-up" in console.file.getvalue()
    assert "left" in console.file.getvalue()
