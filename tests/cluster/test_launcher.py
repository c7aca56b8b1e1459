"""Several processes as one: what they say, how they end together, and that none is left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from chargen.training.cluster import launcher
from chargen.training.cluster.launcher import addresses, core_shares, launch

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs process groups")

WAITS = """
import os, signal, time
got = []
def add(number, frame):
    got.append(number)
    os.write(2, b"got %d\\n" % number)  # print cannot be interrupted by itself
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, add)
print("runs", os.getpid(), file=sys.stderr, flush=True)
while not got:
    time.sleep(0.01)
time.sleep(saving)
sys.exit(130)
"""
LAUNCH = """
import sys
from chargen.training.cluster.launcher import launch
def show(place, line):
    print(place, line, file=sys.stderr, flush=True)
sys.exit(launch({commands}, show=show, patience={patience}))
"""


def worker(program):
    """The command of a worker that starts at once."""
    return [sys.executable, "-I", "-S", "-c", f"import sys\n{program}"]


def waiting(saving=0.1):
    """The command of a worker that waits for a signal, and ends so many seconds after it."""
    return worker(f"saving = {saving}\n{WAITS}")


@pytest.fixture
def said():
    """Lines that workers said, and who did."""
    return []


@pytest.fixture
def run(said):
    """Launches workers with these programs; gives the exit code."""

    def run(*programs, patience=5):
        commands = list(map(worker, programs))
        return launch(commands, show=lambda *line: said.append(line), patience=patience)

    return run


@contextmanager
def started(*commands, patience=20, wrap=(), **more):
    """A launcher in a process, once its workers run; and their process ids."""
    program = LAUNCH.format(commands=list(commands), patience=patience)
    more = {"stderr": subprocess.PIPE, **more}
    process = subprocess.Popen([*wrap, sys.executable, "-c", program], text=True, **more)
    try:
        lines = [process.stderr.readline().split() for _ in commands]
        assert sorted(line[0] for line in lines) == [str(place) for place in range(len(commands))]
        yield process, [int(line[2]) for line in lines]
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def is_alive(pid):
    """Whether a process runs; one that is over and that nobody asked about does not."""
    shown = subprocess.run(["ps", "-o", "stat=", str(pid)], capture_output=True, check=False)
    return shown.stdout.strip()[:1] not in (b"", b"Z")


def check_gone(pids):
    """Wait until no process is left, for some seconds at most."""
    deadline = time.monotonic() + 10
    while any(map(is_alive, pids)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_workers_say_is_shown_in_whole_lines(run, said, capfd):
    first = "print('text'); sys.stderr.write('a'); sys.stderr.flush(); sys.stderr.write('b\\nlast')"
    assert run(first, "print('other'); print('c', file=sys.stderr)") == 0
    assert capfd.readouterr() == ("text\n", "")
    assert [line for place, line in said if place == 0] == ["ab", "last"]
    assert sorted(line for place, line in said if place == 1) == ["c", "other"]


def test_nobody_who_reads_does_not_end_the_workers():
    def show(place, line):
        raise BrokenPipeError

    assert launch([worker("print('x' * 100_000 + '\\n', file=sys.stderr)")] * 2, show=show) == 0


def test_the_code_is_that_of_the_first_that_failed(run, workdir):
    waits = "import os, time\nwhile not os.path.exists('over'): time.sleep(0.01)\ntime.sleep(0.5)"
    assert run(f"{waits}; sys.exit(3)", "open('over', 'w'); sys.exit(4)") == 4


def test_when_one_is_killed_the_others_may_say_why_and_are_then_ended(run, said, workdir):
    says = "import time; open('up', 'w'); time.sleep(0.2); print('peer lost', file=sys.stderr)"
    kills = (
        "import os, time\nwhile not os.path.exists('up'): time.sleep(0.01)\nos.kill(os.getpid(), 9)"
    )
    assert run(f"{says}; time.sleep(60)", kills, patience=1.5) == 128 + 9
    assert said == [
        (1, "Ended by SIGKILL. Perhaps there was too little memory."),
        (0, "peer lost"),
        (0, "Ended by force: it went on for 1.5 seconds alone."),
    ]


def test_children_of_a_worker_end_with_it(run, said, monkeypatch):
    monkeypatch.setattr(launcher, "_LAST_LINES", 0.1)
    child = "import subprocess; c = subprocess.Popen(['sleep', '60']); "
    assert run(child + "print(c.pid, file=sys.stderr)") == 0
    check_gone([int(said[0][1])])


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
    ],
)
def test_a_signal_is_passed_on_once(number):
    with started(waiting(), waiting()) as (process, pids):
        process.send_signal(number)
        said = process.stderr.read().splitlines()
        assert sorted(said) == [f"{place} got {number.value}" for place in (0, 1)]
        assert process.wait() == 128 + number
        check_gone(pids)


@pytest.mark.slow
def test_ctrl_c_at_a_terminal_reaches_each_worker_once():
    # The terminal is the launcher's, but what it says is still read from a pipe.
    ours, its = os.openpty()
    lead = "import os, sys; os.dup2(2, 9); os.login_tty(int(sys.argv[1])); os.dup2(9, 2)"
    wrap = sys.executable, "-c", f"{lead}; os.execv(sys.argv[2], sys.argv[2:])", str(its)
    with started(waiting(), waiting(), wrap=wrap, pass_fds=[its]) as (process, pids):
        os.write(ours, b"\x03")
        assert sorted(process.stderr.read().splitlines()) == ["0 got 2", "1 got 2"]
        assert process.wait() == 130
        check_gone(pids)
    os.close(ours)
    os.close(its)


def test_a_second_signal_ends_all_at_once():
    with started(waiting(60), waiting(60)) as (process, pids):
        process.send_signal(signal.SIGHUP)
        assert "got" in process.stderr.readline()
        process.send_signal(signal.SIGHUP)  # does not count: a closed terminal sends several
        time.sleep(0.2)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
        check_gone(pids)


def test_a_launcher_that_is_killed_leaves_nobody_behind():
    stubborn = "import signal; signal.signal(signal.SIGTERM, lambda *_: None)\n"
    stubborn += "print('runs', __import__('os').getpid(), file=sys.stderr, flush=True)\n"
    stubborn += "while True: __import__('time').sleep(1)"
    with started(waiting(), worker(stubborn), patience=0.5) as (process, pids):
        process.kill()
        process.wait()
        check_gone(pids)


def test_a_program_that_is_not_there_is_told(said):
    with pytest.raises(launcher.RunError, match=r"^Worker 1 could not be started: No such file"):
        launch([waiting(), ["/nowhere"]], show=lambda *line: said.append(line))


def test_each_port_is_free(monkeypatch):
    found = addresses(64)
    assert len(set(found)) == 64
    first, second = (int(each.removeprefix("127.0.0.1:")) for each in found[:2])
    monkeypatch.setattr(launcher, "_PORTS", [first, second])
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", first))
        assert addresses(1) == found[1:2]


def test_cores_are_divided_by_their_place_in_the_machine(tmp_path, monkeypatch):
    # Two sockets of two cores, each with two numbers, as Linux counts them.
    places = {
        0: (0, 0),
        1: (0, 1),
        2: (1, 0),
        3: (1, 1),
        4: (0, 0),
        5: (0, 1),
        6: (1, 0),
        7: (1, 1),
    }
    for core, (package, inner) in places.items():
        (tmp_path / str(core)).mkdir()
        (tmp_path / str(core) / "physical_package_id").write_text(f"{package}\n")
        (tmp_path / str(core) / "core_id").write_text(f"{inner}\n")
    monkeypatch.setattr(launcher, "_TOPOLOGY", f"{tmp_path}/{{}}/")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(places), raising=False)
    assert core_shares(2) == [[0, 4, 1, 5], [2, 6, 3, 7]]
    assert core_shares(3) == [[0, 4], [1, 5, 2], [6, 3, 7]]
    assert core_shares(9) == [[]] * 9
    monkeypatch.delattr(os, "sched_getaffinity")
    assert core_shares(2) == [[], []]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no such call")
def test_workers_are_kept_to_their_cores(run, said):
    shares = core_shares(len(os.sched_getaffinity(0)))
    shown = "import os, time; time.sleep(0.5); print(os.sched_getaffinity(0), file=sys.stderr)"
    assert run(*[shown] * len(shares)) == 0
    assert sorted(said) == [(place, str(set(cores))) for place, cores in enumerate(shares)]


def test_without_cores_of_their_own_workers_take_fewer_threads(run, said, monkeypatch):
    monkeypatch.setattr(launcher, "core_shares", lambda workers: [[]] * workers)
    monkeypatch.setattr(launcher, "available_cores", lambda: 7)
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.setenv("TF_CONFIG", "{}")
    names = "'TF_NUM_INTRAOP_THREADS', 'OMP_NUM_THREADS', 'TF_CONFIG'"
    shown = f"import os; print([os.environ.get(n) for n in ({names})], file=sys.stderr)"
    run(shown, "")
    assert said == [(0, "['3', '5', None]")]
