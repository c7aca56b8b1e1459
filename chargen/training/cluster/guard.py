"""End the workers of a launcher that was killed before it could end them itself.

This is a program of its own, and the first process of the group that the workers are in. Its
standard input is a pipe from the launcher, which the system closes whatever that dies of. Then the
workers are asked to end, which lets a run be saved, and some seconds later the group is killed. As
it belongs to the group, no number of a process is kept that could be another's by then.

Usage: python guard.py SECONDS
"""

import os
import signal
import sys
import time


def main() -> None:
    """Wait for the end of standard input, then end the group."""
    sys.stdin.buffer.read()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    time.sleep(float(sys.argv[1]))
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
