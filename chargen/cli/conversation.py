"""The answers of `chargen chat` to lines of text, wherever these come from."""

import difflib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from chargen.cli.escapes import unescape
from chargen.cli.options import read_setting, show_setting
from chargen.config import SamplingConfig
from chargen.errors import CommandError
from chargen.storage.atomic import write_atomically
from chargen.text.line_ends import LINE_END
from chargen.wording import count

if TYPE_CHECKING:
    from chargen.generation.session import Session
    from chargen.language_model import LanguageModel

_SETTINGS = {
    each.option.removeprefix("--"): each
    for each in SamplingConfig.described().values()
    if each.name != "max_copy"  # it needs a corpus
}
# What people type who know other programs, alone in a line; a blank after it makes it a prompt.
_ELSEWHERE = {
    "exit": ":quit",
    "quit": ":quit",
    "help": ":help",
    ":exit": ":quit",
    "/exit": ":quit",
    **{f"/{name}": f":{name}" for name in ("help", "more", "reset", "settings", "quit")},
}
_COMMANDS = {
    "more": "carry the text on; so does an empty line",
    "reset": "forget the text, the state, and what unique has seen",
    "save FILE": "write the text so far to a file",
    "save! FILE": "the same, over a file that exists",
    "settings": "how the model writes; so does :",
    "help": "this list",
    "quit": "leave; so do exit and Ctrl-D",
}
NAMES = (*(each.partition(" ")[0] for each in _COMMANDS), *_SETTINGS)
"""The names that may follow a colon at the beginning of a line."""


@dataclass(frozen=True)
class Passage:
    """A part of a text, about to be written."""

    lead: str  # what stands before it: the prompt, or the unfinished line that it carries on
    pieces: Iterator[str]  # its characters, each drawn when asked for
    is_new: bool  # whether a new text starts here
    notes: tuple[str, ...] = ()  # what was done to the prompt


class Conversation:
    """A model, the settings it writes with, and the text that it is at: a `Session`.

    What `more` adds is what would have followed had the passage been longer. A setting that is
    changed holds from the next passage on.
    """

    def __init__(self, model: "LanguageModel", settings: SamplingConfig) -> None:
        self._model = model
        self._session: Session | None = None
        self.settings = self._fitting(settings)

    @property
    def text(self) -> str:
        """The text so far, its prompt included."""
        return "" if self._session is None else self._session.text

    @property
    def is_stuck(self) -> bool:
        """Whether the last text ended since too many in a row were not new."""
        return self._session is not None and self._session.finish_reason == "unique"

    def answer(self, line: str) -> Passage | str:
        """Follow a line; return a passage to write, or a message.

        Raises:
            ChargenError: if the line cannot be followed; the text so far is still there.
            EOFError: if it asks to leave.
        """
        line = _ELSEWHERE.get(line, line)
        if not line:
            return self.more()
        if not line.startswith(":") or line.startswith("::"):
            return self.begin(unescape(line.removeprefix(":")))
        given, _, rest = line[1:].partition(" ")
        name, rest = _find(given.rstrip().replace("_", "-")), rest.strip()
        if name in _SETTINGS:
            return self._set(name, rest)
        if rest and f"{name} FILE" not in _COMMANDS:
            raise CommandError(f":{name} takes nothing after it; received {rest!r}.")
        return self._follow(name, rest)

    def _follow(self, name: str, rest: str) -> Passage | str:
        match name:
            case "more":
                return self.more()
            case "reset":
                self._session = None
                return "Text and state are forgotten."
            case "save" | "save!":
                return self.save(rest, overwrite=name == "save!")
            case "settings":
                return "\n".join(map(self.describe, _SETTINGS))
            case "help":
                return _help()
            case _:
                raise EOFError

    def begin(self, prompt: str) -> Passage:
        """Begin a new text with a prompt, or with what is nearest to it that is known."""
        tokenizer = self._model.checkpoint.tokenizer
        prepared = tokenizer.prepare_prompt(prompt, "nearest")
        session = self._model.session(**self.settings.to_json())
        if self._session is not None:
            session.remember(self._session)
        pieces = session.stream(prepared)
        self._session, notes = session, prepared.notes
        if self.settings.label is None and session.label is not None:
            notes = (*notes, f"Label: {session.label}")
        return Passage(tokenizer.show(prepared.text), pieces, is_new=True, notes=notes)

    def more(self) -> Passage:
        """Carry the text on; begin one without a prompt, if there is none yet."""
        if self._session is None:
            return self.begin("")
        pieces = self._session.stream(**self.settings.to_json())
        return Passage(LINE_END.split(self.text)[-1], pieces, is_new=False)

    def save(self, name: str, *, overwrite: bool = False) -> str:
        """Write the text so far to a file, with a newline after it, as `chargen sample` does.

        Raises:
            CommandError: if there is no text, no name, or something of that name already.
            StorageError: if it cannot be written.
        """
        if not name:
            raise CommandError(":save needs the name of a file, such as :save tale.txt.")
        if self._session is None:
            raise CommandError("There is no text to save yet; type how one begins.")
        path = Path(os.path.expanduser(name))  # noqa: PTH111, since Path's fails on some names
        if "\0" in name or os.path.lexists(path):
            if not os.path.isfile(path):
                raise CommandError(f"{name!r} is not a file; choose another name.")
            if not overwrite:
                raise CommandError(f"{name} exists; :save! {name} replaces it.")
        text = self.text
        write_atomically(path, f"{text}\n".encode())
        return f"Saved in {path}: {count(len(text), 'character')}."

    def _fitting(self, settings: SamplingConfig) -> SamplingConfig:
        """Return the settings, if the model has the label that they name."""
        if settings.label is not None:
            self._model.checkpoint.label_ids(settings.label)
        return settings

    def _set(self, name: str, value: str) -> str:
        setting = _SETTINGS[name]
        if value:
            changes = {setting.name: read_setting(setting, value)}
            self.settings = self._fitting(replace(self.settings, **changes))
        notes = self._unwritable() if value and name in ("stop", "only", "ban") else []
        return "\n".join([self.describe(name), *notes])

    def _unwritable(self) -> list[str]:
        from chargen.generation.stopping import unwritable_stops

        return unwritable_stops(self.settings, self._model.checkpoint.tokenizer)

    def describe(self, name: str) -> str:
        """Return a line with a setting, its value and its help."""
        setting = _SETTINGS[name]
        value = show_setting(setting, getattr(self.settings, setting.name))
        if name == "seed" and self._session is not None and self.settings.seed is None:
            value += f", {self._session.seed} for this text"
        return f"{f':{name} {value}':<25} {setting.help}"


def _help() -> str:
    rows = {
        "TEXT": "start a new text with it; ::TEXT where it begins with a colon; "
        r"\n in it is a line end",
        **{f":{name}": about for name, about in _COMMANDS.items()},
        ":NAME VALUE": f"change a setting: {', '.join(_SETTINGS)}",
        ":NAME default": "set it back; :NAME alone shows it",
        "Ctrl-C": "stop the text; :more carries it on",
    }
    return "\n".join(f"{name:<15} {about}" for name, about in rows.items())


def _find(given: str) -> str:
    """Return the name that is meant, of which the beginning is enough if no other begins so."""
    if given in NAMES:
        return given
    if not given:
        return "settings"
    matches = [name for name in NAMES if name.startswith(given)]
    if len(matches) == 1:
        return matches[0]
    nearest = matches or difflib.get_close_matches(given, NAMES, n=1)
    hint = f"; did you mean {' or '.join(f':{name}' for name in nearest)}?" if nearest else "."
    raise CommandError(f"There is no :{given}{hint} :help lists all; ::{given} is a prompt.")
