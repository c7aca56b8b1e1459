"""Real workers: processes that train together on this machine, and what they say."""

import os
import subprocess
import sys
import time
from contextlib import suppress

from chargen.training.cluster.launcher import addresses

_PATIENCE = 120  # seconds, for what must happen


class Workers:
    """The processes of one training; a context that leaves none behind.

    Args:
        folder: where they run, and what they say is kept.
        count: how many.
        words: chargen's command, with its options.
        names: their addresses; None chooses some on this machine.
        environment: gives what names them in a worker's environment, called with its number and the
            addresses; None names them by options.
        popen: starts a process, called with its number, its command and what `Popen` takes.
        first: by number, Python code that a worker runs first.
    """

    def __init__(self, folder, count, *words, names=None, environment=None, popen=None, first=None):
        self.names = names or addresses(count)
        self.files = [folder / f"said-{time.monotonic_ns()}-{index}" for index in range(count)]
        self.processes = []
        for index, file in enumerate(self.files):
            where = ["--workers", ",".join(self.names), "--worker-index", str(index)]
            if count == 1 or environment is not None:
                where = []
            program = f"{(first or {}).get(index, '')}\nfrom chargen.__main__ import main\nmain()"
            command = [sys.executable, "-c", program, *words, *where]
            variables = {**os.environ, **(environment(index, self.names) if environment else {})}
            with file.open("wb") as said:
                more = {"stdout": said, "stderr": said, "stdin": subprocess.DEVNULL}
                more |= {"cwd": folder, "env": variables}
                started = (
                    popen(index, command, **more) if popen else subprocess.Popen(command, **more)
                )
            self.processes.append(started)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for each in self.processes:
            with suppress(ProcessLookupError):
                each.kill()
            each.wait()

    def said(self, index):
        return self.files[index].read_text(errors="replace")

    def wait(self, *indices, seconds=_PATIENCE):
        """Wait until these workers have ended, or all; return their exit codes."""
        indices = indices or range(len(self.processes))
        limit = time.monotonic() + seconds
        while any(self.processes[each].poll() is None for each in indices):
            self._check(limit, f"they had not ended after {seconds} seconds")
            time.sleep(0.02)
        return [self.processes[each].returncode for each in indices]

    def all(self):
        """What all said, for a failure's message."""
        return "\n".join(f"--- {each}\n{self.said(each)}" for each in range(len(self.files)))

    def _check(self, limit, what):
        assert time.monotonic() < limit, f"{what}\n{self.all()}"
