"""The first signal asks, the second does not wait."""

import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from chargen.errors import Interrupted
from chargen.storage.arrays import read_arrays
from chargen.storage.runs import RESUME_FILE
from chargen.training.interrupt import caught_signals, interruptible

BUSY = """
import hashlib
from chargen.training.interrupt import caught_signals

with caught_signals():
    print("ready", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # compiled code that takes half an hour
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_leaves_in_the_midst_of_compiled_code(number):
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout.readline() == b"ready\n"
            process.send_signal(number)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.5)  # the first lets the work go on
            process.send_signal(number)
            assert process.wait(60) == 128 + number
            assert process.stderr.read() == b"\n"
        finally:
            process.kill()


def test_a_second_signal_leaves_where_nobody_reads_what_is_said(broken_pipe):
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdout=subprocess.PIPE, stderr=broken_pipe
    ) as process:
        try:
            assert process.stdout.readline() == b"ready\n"
            process.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.5)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        finally:
            process.kill()


def test_the_first_signal_is_noted_and_the_handlers_come_back():
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with caught_signals() as received:
        assert received == []
        os.kill(os.getpid(), signal.SIGTERM)
        assert received == [signal.SIGTERM]
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


needs_sighup = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP")


@needs_sighup
def test_a_closed_terminal_is_a_request_to_stop_however_often_it_is_told():
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout.readline() == b"ready\n"
            for _ in range(3):
                process.send_signal(signal.SIGHUP)
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(0.2)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        finally:
            process.kill()


@needs_sighup
def test_a_closed_terminal_is_ignored_where_it_was():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with caught_signals() as received:
            os.kill(os.getpid(), signal.SIGHUP)
            assert received == []
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        with caught_signals() as received:
            os.kill(os.getpid(), signal.SIGHUP)
            assert received == [signal.SIGHUP]
    finally:
        signal.signal(signal.SIGHUP, before)


def send(number, reached):
    os.kill(os.getpid(), number)
    reached.append("on")


def send_and_catch(number, reached):  # as a library that is being imported may
    with suppress(KeyboardInterrupt):
        send(number, reached)


@pytest.mark.parametrize("body", [send, send_and_catch])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_before_there_is_anything_to_save_a_signal_ends_the_work_at_once(number, body):
    reached, before = [], signal.getsignal(number)
    with pytest.raises(Interrupted, match="nothing was changed") as raised, interruptible():
        body(number, reached)
    assert raised.value.exit_code == 128 + number
    assert reached == []
    assert signal.getsignal(number) == before


def test_other_errors_are_not_taken_for_signals():
    with pytest.raises(ZeroDivisionError), interruptible():
        raise ZeroDivisionError


CLOSED = """
import os, pty, sys

child, terminal = pty.fork()
if child == 0:
    program = "chargen train sea.txt --epochs 9 --units 8 --batch-size 4".split()
    os.execv(sys.executable, [sys.executable, "-m", *program])
said = b""
while b"*" not in said:  # an evaluation
    said += os.read(terminal, 4096)
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.slow
@needs_sighup
def test_a_run_whose_terminal_is_closed_saves_what_it_has(workdir):
    (workdir / "sea.txt").write_text("the sea is under the town\n" * 2000)
    closed = subprocess.run([sys.executable, "-c", CLOSED], timeout=300, check=False)
    assert closed.returncode == 128 + signal.SIGHUP
    _, document = read_arrays(workdir / "checkpoints" / "sea" / RESUME_FILE)
    state = document["state"]
    assert state["step"] > 0
    assert not state["finished"]
