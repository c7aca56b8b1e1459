"""The first signal asks, the second does not wait."""

import os
import signal
import subprocess
import sys

import pytest

from chargen.training.interrupt import caught_signals

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


def test_the_first_signal_is_noted_and_the_handlers_come_back():
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with caught_signals() as received:
        assert received == []
        os.kill(os.getpid(), signal.SIGTERM)
        assert received == [signal.SIGTERM]
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before
