"""How many more threads and processes the limits of cgroups and users leave, and what is needed."""

import resource

import pytest

from service import __main__ as service
from service import task_limits
from service.settings import Settings, SettingsError
from service.task_limits import needed_tasks, require_room

V1_MOUNT = "37 32 0:30 {root} {at} rw,nosuid - cgroup cgroup rw,cpuacct,pids"
V2_MOUNT = "37 32 0:30 {root} {at} rw,nosuid master:9 - cgroup2 cgroup rw,nsdelegate"
OTHER_MOUNT = "36 32 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu"


class Machine:
    """A machine's /proc and cgroups, in a folder."""

    def __init__(self, folder):
        self.proc = folder / "proc"
        self.cgroups = folder / "cgroup"
        (self.proc / "self").mkdir(parents=True)
        self.cgroups.mkdir()
        self.is_in("0::/", V2_MOUNT)
        self.runs(7, uid=1000, threads=1)
        self.is_ours(7)

    def is_in(self, cgroup, mount, root="/"):
        (self.proc / "self/cgroup").write_text(f"9:cpu:/elsewhere\n{cgroup}\n")
        mounted = mount.format(root=root, at=str(self.cgroups).replace(" ", r"\040"))
        (self.proc / "self/mountinfo").write_text(f"{OTHER_MOUNT}\n{mounted}\n")

    def is_ours(self, pid):
        status = (self.proc / str(pid) / "status").read_text()
        (self.proc / "self/status").write_text(status)

    def limits(self, folder, most, current):
        folder = self.cgroups / folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pids.max").write_text(f"{most}\n")
        (folder / "pids.current").write_text(f"{current}\n")

    def runs(self, pid, uid, threads, capabilities=0):
        (self.proc / str(pid)).mkdir()
        (self.proc / str(pid) / "status").write_text(
            f"Name:\tx\nUid:\t{uid}\t0\t0\t0\nThreads:\t{threads}\nCapEff:\t{capabilities:016x}\n"
        )


@pytest.fixture
def machine(tmp_path, monkeypatch):
    machine = Machine(tmp_path / "a machine")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (-1, -1))
    monkeypatch.setattr(task_limits, "PROC", machine.proc)
    return machine


def refusal(**settings):
    """What is said to a service that has no room; nothing to one that has."""
    try:
        require_room(Settings(**settings), http_threads=2)
    except SettingsError as error:
        return str(error)
    return ""


def test_needed_are_the_threads_of_all_parts_at_once():
    # The worker process with its two HTTP threads and Granian's own, one thread of the main
    # process, a refresh for each connection of the pool, and eight by themselves.
    assert needed_tasks(Settings(threads=32, store_pool_size=16), http_threads=2) == 61
    assert needed_tasks(Settings(threads=1024, store_pool_size=1024), http_threads=2) == 2061


@pytest.mark.parametrize(
    ("cgroup", "mount", "root", "folder"),
    [
        ("0::/", V2_MOUNT, "/", "."),
        ("0::/system.slice/shop.service", V2_MOUNT, "/", "system.slice/shop.service"),
        ("8:pids:/", V1_MOUNT, "/", "."),
        ("8:pids:/docker/1f", V1_MOUNT, "/docker/1f", "."),
        ("8:pids:/docker/1f/x", V1_MOUNT, "/docker/1f", "x"),
        ("8:cpuacct,pids:/a", V1_MOUNT, "/", "a"),
        ("0::/../../x", V2_MOUNT, "/", "."),
    ],
)
def test_limit_of_our_cgroup_is_found(machine, cgroup, mount, root, folder):
    machine.is_in(cgroup, mount, root)
    machine.limits(folder, 61, 1)
    assert "pids.max 61 of " in refusal()

    machine.limits(folder, 62, 1)
    assert refusal() == ""


def test_limit_of_a_cgroup_around_ours_counts_too(machine):
    machine.is_in("0::/a/b", V2_MOUNT)
    machine.limits("a/b", "max", 1)
    machine.limits("a", 100, 80)

    assert f"pids.max 100 of {machine.cgroups}/a leaves 20 more threads" in refusal()


def test_refusal_says_what_is_needed_and_the_ways_out(machine):
    machine.limits(".", 30, 10)

    assert refusal(threads=8, store_pool_size=4) == (
        f"pids.max 30 of {machine.cgroups} leaves 20 more threads and processes, but THREADS 8 and"
        " STORE_POOL_SIZE 4 need 25; raise it to at least 35 (--pids-limit of docker run,"
        " pids_limit of compose, TasksMax of systemd), or lower THREADS and STORE_POOL_SIZE"
    )


@pytest.mark.parametrize("most", ["max", "", "many"])
def test_without_a_limit_there_is_room(machine, most):
    machine.limits(".", most, 5000)

    assert refusal() == ""


def test_machine_without_proc_has_no_known_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(task_limits, "PROC", tmp_path)

    assert refusal() == ""


def test_limit_of_our_user_counts_the_threads_of_all_its_processes(machine, monkeypatch):
    machine.runs(8, uid=1000, threads=40)
    machine.runs(9, uid=1001, threads=4000)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 200))

    assert "RLIMIT_NPROC 100 (ulimit -u) of user 1000 leaves 59" in refusal()

    monkeypatch.setattr(resource, "getrlimit", lambda _: (102, 200))
    assert refusal() == ""


@pytest.mark.parametrize(
    ("uid", "capabilities"), [(0, 0), (1000, 1 << 21), (1000, 1 << 24)], ids=["root", "adm", "res"]
)
def test_users_that_no_limit_binds_have_room(machine, monkeypatch, uid, capabilities):
    machine.runs(8, uid, 40, capabilities)
    machine.is_ours(8)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (2, 2))

    assert refusal() == ""


def test_service_that_has_no_room_ends_with_one_line(machine, monkeypatch, capsys):
    machine.limits(".", 30, 10)
    monkeypatch.setenv("THREADS", "8")

    assert service.main() == 2
    said = capsys.readouterr().err
    assert said.startswith(f"service: pids.max 30 of {machine.cgroups} leaves 20 more threads")
    assert said.count("\n") == 1
