"""Lines typed at a terminal: editing, history and completion by prompt_toolkit."""

import contextlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from platformdirs import user_state_path
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import FileHistory
from prompt_toolkit.output import create_output
from prompt_toolkit.shortcuts import CompleteStyle


class _History(FileHistory):
    """The lines of earlier sessions, or none where these cannot be saved or read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._path = path

    def load_history_strings(self) -> Iterable[str]:
        try:
            return list(super().load_history_strings())
        except OSError:
            return []

    def store_string(self, string: str) -> None:
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)  # what is typed is nobody else's to read
            super().store_string(string)


def line_editor(commands: Iterable[str]) -> Callable[[], str]:
    """Return a function that reads a line.

    It raises EOFError at Ctrl-D and KeyboardInterrupt at Ctrl-C. It shows itself on standard
    error, which leaves standard output to the texts.

    Args:
        commands: the names that a line may begin with after a colon.
    """
    session: PromptSession[str] = PromptSession(
        "> ",
        history=_History(user_state_path("chargen", appauthor=False) / "chat-history"),
        # As a sentence: only the beginning of a line is completed, never a word of a prompt.
        completer=WordCompleter([f":{name}" for name in commands], sentence=True),
        # The other styles keep lines free below the prompt for a menu, which would move the text.
        complete_style=CompleteStyle.READLINE_LIKE,
        enable_suspend=True,
        output=create_output(sys.stderr),
    )
    return session.prompt
