"""chargen chat: write with a trained model, prompt after prompt."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.models import load_model, tell_unwritable
from chargen.cli.terminal import TextOutput, is_terminal, say
from chargen.config import SamplingConfig
from chargen.config.base import given
from chargen.errors import ChargenError, EncodingError

if TYPE_CHECKING:
    from chargen.cli.conversation import Conversation, Passage

_LEAD = 200  # characters of an unfinished line that are shown again when it is carried on


@command("chargen chat", "chargen chat -m novel --temperature 0.5 --lines 4")
@options.model
@options.verbose
@options.settings(SamplingConfig, without=("max_copy",))  # it needs a corpus
@options.threads
def chat(model: str | None, verbose: bool, threads: int | None, **settings: Any) -> None:
    r"""Write with a model, prompt after prompt.

    Each line that you type begins a text, and the model continues it; it does not answer. An
    empty line continues the text. Ctrl-C stops the text, Ctrl-D leaves, :help lists the commands.
    In a line, \n, \t and \f stand for those characters, \\ for a backslash.

    The lines that you type at a terminal are kept for later sessions. Lines can also come from a
    pipe; then the exit code is 1 if one of them had an error.
    """
    from chargen.cli.conversation import NAMES, Conversation
    from chargen.generation.blas import held
    from chargen.text.characters import enumerate_some

    start = SamplingConfig(**given(settings))
    loaded = load_model(model, verbose=verbose, threads=threads)
    click.get_current_context().with_resource(held())
    tell_unwritable(loaded, start)
    conversation = Conversation(loaded, start)
    if is_terminal(sys.stdin) and is_terminal(sys.stderr):
        from chargen.cli.line_editor import line_editor

        labels = f"Labels: {enumerate_some(loaded.labels)}. " if loaded.labels else ""
        say(f"{labels}It continues a text and does not answer. Type how one begins, or :help.")
        _converse(conversation, line_editor(NAMES), at_terminal=True)
    elif _converse(conversation, _read_piped, at_terminal=False):
        click.get_current_context().exit(1)


def _read_piped() -> str:
    """Return the next line of standard input, which is no terminal."""
    line = sys.stdin.buffer.readline() if sys.stdin else b""
    if not line:
        raise EOFError
    try:
        return line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        byte = f"byte {line[error.start]:#04x} at offset {error.start}"
        raise EncodingError(f"A line is not UTF-8 text: {byte}.") from None


def _converse(
    conversation: "Conversation", read_line: Callable[[], str], *, at_terminal: bool
) -> int:
    """Answer lines until there are no more; return how many of them had an error.

    At a terminal, Ctrl-C stops a text or gives up a line, but does not end the program.
    """
    output = _Output()
    failed = 0
    while True:
        try:
            line = read_line()
            with _ctrl_c_noted() if at_terminal else nullcontext(lambda: False) as is_stopped:
                answer = conversation.answer(line)
                if isinstance(answer, str):
                    click.echo(answer, err=True)
                    continue
                for note in answer.notes:
                    say(note)
                output.write(answer, is_stopped)
                if conversation.is_stuck:
                    say("No more came: too many in a row were not new.")
        except KeyboardInterrupt:
            if not at_terminal:
                raise
        except EOFError:
            break
        except ChargenError as error:
            say(f"Error: {error.told(':')}")
            failed += 1
    output.end()
    return failed


class _Output:
    """Standard output. A text that is continued is one piece there, but not at a terminal."""

    def __init__(self) -> None:
        self._texts = TextOutput()
        self._at_terminal = self._texts.at_terminal
        self._styled = self._at_terminal and not os.environ.get("NO_COLOR")
        self._line_open = False

    def write(self, passage: "Passage", is_stopped: Callable[[], bool]) -> None:
        """Write a passage character by character, until its end or until it is stopped."""
        if passage.is_new:
            self.end()
        if passage.is_new or self._at_terminal:
            lead = passage.lead if passage.is_new else passage.lead[-_LEAD:]
            style = ("\x1b[1m", "\x1b[0m") if self._styled and lead else ("", "")
            self._texts.put_styled(style[0])
            self._texts.put(lead)
            self._texts.put_styled(style[1])
        self._line_open = True
        try:
            for piece in passage.pieces:
                self._texts.put(piece)
                if is_stopped():
                    break
        finally:
            if self._at_terminal:
                self.end()

    def end(self) -> None:
        """End the text's last line."""
        if self._line_open:
            self._texts.put("\n")
            self._line_open = False


@contextmanager
def _ctrl_c_noted() -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether Ctrl-C was pressed; a second press interrupts.

    Noted, because an interrupt in the middle of a step would leave the network's state half new.
    """
    presses = 0

    def note(*_: object) -> None:
        nonlocal presses
        presses += 1
        if presses > 1:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: presses > 0
    finally:
        signal.signal(signal.SIGINT, before)
