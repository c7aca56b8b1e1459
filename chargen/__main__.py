"""Start the command line: `chargen`, or `python -m chargen`."""

import os


def main() -> None:
    """Run `chargen.cli.main`; until a command is loaded, Ctrl-C ends the process without a word."""
    try:
        import signal

        usual = signal.getsignal(signal.SIGINT)
        if usual is signal.default_int_handler:  # it could be ignored
            # An exception in the midst of an import would be told, or even caught, by others.
            signal.signal(signal.SIGINT, lambda number, frame: os._exit(128 + number))
        from chargen.cli import main as run
    except KeyboardInterrupt:
        os._exit(130)
    run(obj=lambda: signal.signal(signal.SIGINT, usual))


if __name__ == "__main__":
    main()
