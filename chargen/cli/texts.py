"""Texts that commands are given: as an argument, in a file, or on standard input."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click


def read_text(source: str | Path, encoding: str) -> str:
    """The text in a file or, where `source` is "-", on standard input, without byte order mark.

    Raises:
        CorpusError: if it cannot be read.
        EncodingError: if the bytes are not text in `encoding`.
    """
    from chargen.config import ReadingConfig
    from chargen.errors import CorpusError
    from chargen.text.reader import Reader

    if Path(source).is_dir():
        raise CorpusError(f"{source} is a folder; give the path of one text file.")
    return "".join(Reader([source], ReadingConfig(encoding=encoding)).pieces())


def check_one_source(text: str | None, file: Path | None) -> None:
    """Refuse a text that is given twice, or not at all.

    Raises:
        click.UsageError: saying so.
    """
    if (text is None) == (file is None):
        raise click.UsageError("Give either TEXT (- reads standard input) or --file FILE.")


@contextmanager
def reading_bar() -> Iterator[Callable[[int, int], object]]:
    """A bar on standard error that shows how far a corpus is read, as `progress_bar` does.

    Gives the function to call with the bytes read and those there are; when the two are equal, or
    something goes wrong, the bar is gone.
    """
    from tqdm import tqdm

    bars: list[tqdm] = []

    def show(done: int, total: int) -> None:
        if not bars:
            bars.append(
                tqdm(
                    total=total or None,
                    file=sys.stderr,
                    disable=None,  # that is, unless standard error is a terminal
                    delay=1,
                    leave=False,
                    dynamic_ncols=True,
                    desc="reading",
                    unit="B",
                    unit_scale=True,
                )
            )
        bars[0].update(done - bars[0].n)
        if done == total:
            bars.pop().close()

    try:
        yield show
    finally:
        for bar in bars:
            bar.close()


@contextmanager
def progress_bar(total: int) -> Iterator[Callable[[int], object]]:
    """A bar on standard error, if that is a terminal and the work takes more than a second.

    Gives the function to call with the number of characters that were read.
    """
    if not sys.stderr.isatty():
        yield lambda characters: None
        return
    from tqdm import tqdm

    with tqdm(
        total=total,
        file=sys.stderr,
        delay=1,
        leave=False,
        dynamic_ncols=True,
        bar_format="{percentage:3.0f}% {bar} {rate_fmt} · {remaining} left",
        unit="char",
        unit_scale=True,
    ) as bar:
        yield bar.update
