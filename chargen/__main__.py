"""Start the command line: `chargen`, or `python -m chargen`."""

import os
import signal


def main() -> None:
    """Run `chargen.cli.main`. Ctrl-C while it is imported ends the process without a word."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # it could be ignored
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(128 + number))
    from chargen.cli import main as run

    signal.signal(signal.SIGINT, before)
    run()


if __name__ == "__main__":
    main()
