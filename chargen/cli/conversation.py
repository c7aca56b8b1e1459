"""The answers of `chargen chat` to lines of text, wherever these come from."""

import difflib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chargen.cli.options import read_setting, show_setting
from chargen.config import SamplingConfig
from chargen.config.sampling import MAX_LENGTH
from chargen.errors import CommandError
from chargen.generation.stopping import Ending
from chargen.storage.atomic import write_atomically
from chargen.text.unknown import PreparedText

if TYPE_CHECKING:
    from chargen.generation.state import State
    from chargen.language_model import LanguageModel

_SETTINGS = {
    each.option.removeprefix("--"): each
    for each in SamplingConfig.described().values()
    if each.name != "max_copy"  # it needs a corpus
}
# The conversation ends passages itself. The stream that it takes them from is to go on and on.
_ENDLESS: Mapping[str, Any] = {"length": MAX_LENGTH, "lines": None, "stop": ()}
_MARK_EVERY = 256  # characters; more than any rule for what may follow is likely to look back


@dataclass(frozen=True)
class Passage:
    """A part of a text, about to be written."""

    lead: str  # what stands before it: the prompt, or the unfinished line that it carries on
    pieces: Iterator[str]  # its characters, each drawn when asked for
    is_new: bool  # whether a new text starts here
    notes: tuple[str, ...] = ()  # what was done to the prompt


class _Mark(NamedTuple):
    """A state that was kept, to set out from again."""

    read: int  # characters of the text that the network had read by then
    state: "State | None"  # None for the start


class Conversation:
    """A model, the settings it writes with, and the text that it is at.

    A text is one endless stream of characters, taken a passage at a time. So what `more` adds is
    what would have followed had the passage been longer, random numbers and all. Where a stream
    is lost, because a setting changed or it was interrupted, another sets out from a state kept
    not long ago, and reads what was written since.
    """

    def __init__(self, model: "LanguageModel", settings: SamplingConfig) -> None:
        self._model = model
        self.settings = self._fitting(settings)
        self.reset()

    def reset(self) -> None:
        """Forget the text, and what the network remembers of it."""
        self._stream: Iterator[str] | None = None
        self._streams = 0  # of this text, so far
        self._seed: int | None = None  # of this text
        self._drawn: list[str] = []  # characters: the prompt, and what the network drew
        self._end = 0  # of these, what was written
        self._marks = (_Mark(0, None), _Mark(0, None))  # older, newer

    @property
    def text(self) -> str:
        """The text so far, its prompt included."""
        return "".join(self._drawn[: self._end])

    def answer(self, line: str) -> Passage | str:
        """Follow a line; return a passage to write, or a message.

        Raises:
            ChargenError: if the line cannot be followed; the text so far is still there.
            EOFError: if it asks to leave.
        """
        if not line:
            return self.more()
        if not line.startswith(":") or line.startswith("::"):
            return self.begin(line.removeprefix(":"))
        given, _, rest = line[1:].partition(" ")
        name, rest = _find(given.rstrip().replace("_", "-")), rest.strip()
        if name in _SETTINGS:
            return self._set(name, rest)
        command = _COMMANDS[name]
        if rest and not command.takes:
            raise CommandError(f":{name} takes nothing after it; received {rest!r}.")
        return command.run(self, rest)

    def begin(self, prompt: str) -> Passage:
        """Begin a text from a zero state; unknown characters of the prompt become similar ones."""
        fitted = self._model.checkpoint.fit(prompt, "nearest")
        seed = secrets.randbits(32) if self.settings.seed is None else self.settings.seed
        stream = self._open(fitted.text, None, seed)
        self.reset()
        self._stream, self._streams, self._seed = stream, 1, seed
        self._marks = (_Mark(0, self._model.state),) * 2
        self._drawn = list(fitted.text)
        self._end = len(fitted.text)
        notes = fitted.notes
        if self.settings.label is None and self._model.label is not None:
            notes = (*notes, f"Label: {self._model.label}")
        return Passage(fitted.text, self._write(), is_new=True, notes=notes)

    def more(self) -> Passage:
        """Continue the text, or begin one without a prompt if there is none yet."""
        if self._seed is None:
            return self.begin("")
        if self._stream is None:
            mark = self._marks[0]
            seed = self._seed if self.settings.seed is None else self.settings.seed
            # Another seed made from this one, so that no stream repeats another's numbers.
            sequence = np.random.SeedSequence(seed, spawn_key=(self._streams,))
            derived = int(sequence.generate_state(1, np.uint64)[0])
            self._stream = self._open("".join(self._drawn[mark.read :]), mark.state, derived)
            self._streams += 1
        return Passage(self.text.rpartition("\n")[2], self._write(), is_new=False)

    def save(self, name: str, *, overwrite: bool = False) -> str:
        """Write the text so far to a file, with a newline after it, as `chargen sample` does.

        Raises:
            CommandError: if there is no text, no name, or something of that name already.
            StorageError: if it cannot be written.
        """
        if not name:
            raise CommandError(":save needs the name of a file, such as :save tale.txt.")
        if self._seed is None:
            raise CommandError("There is no text to save yet; type how one begins.")
        path = Path(os.path.expanduser(name))  # noqa: PTH111, since Path's fails on some names
        if "\0" in name or os.path.lexists(path):
            if not os.path.isfile(path):
                raise CommandError(f"{name!r} is no file; choose another name.")
            if not overwrite:
                raise CommandError(f"{name} exists; :save! {name} replaces it.")
        text = self.text
        write_atomically(path, f"{text}\n".encode())
        return f"Saved in {path}: {len(text):,} characters."

    def _fitting(self, settings: SamplingConfig) -> SamplingConfig:
        """Return the settings, if the model has the label that they name."""
        if settings.label is not None:
            self._model.checkpoint.label_ids(settings.label)
        return settings

    def _open(self, prompt: str, state: "State | None", seed: int) -> Iterator[str]:
        settings = {**self.settings.to_json(), **_ENDLESS, "seed": seed}
        return self._model.stream(PreparedText(prompt), state=state, **settings)

    def _write(self) -> Iterator[str]:
        """Yield a passage: first what the last one drew but left out, such as a text to stop at."""
        ending = Ending(self._model.sampling(self.settings.to_json()))
        if rest := "".join(self._drawn[self._end :]):
            self._end += len(rest)
            yield rest
        if ending.reason is not None or self._stream is None:
            return
        try:
            for character in self._stream:
                self._drawn.extend(character)
                self._keep_mark()
                if piece := ending.add(character):
                    self._end += len(piece)
                    yield piece
                if ending.reason is not None:
                    return
        except KeyboardInterrupt:
            self._stream = None  # the network may be in the middle of a step
            raise
        self._stream = None  # it had nothing more

    def _keep_mark(self) -> None:
        read = len(self._drawn) - 1  # a network has not yet read the character that it drew last
        if not read:  # of the text; but it has read what stands for an empty prompt
            self._marks = (_Mark(0, self._model.state),) * 2
        elif read - self._marks[1].read >= _MARK_EVERY:
            self._marks = self._marks[1], _Mark(read, self._model.state)

    def _set(self, name: str, value: str) -> str:
        setting = _SETTINGS[name]
        if value:
            changes = {setting.name: read_setting(SamplingConfig, setting, value)}
            self.settings = self._fitting(replace(self.settings, **changes))
            if setting.name not in _ENDLESS:
                self._stream = None
        return self.describe(name)

    def describe(self, name: str) -> str:
        """Return a line with a setting, its value and its help."""
        setting = _SETTINGS[name]
        value = show_setting(getattr(self.settings, setting.name))
        if name == "seed" and self._seed is not None and self.settings.seed is None:
            value += f", {self._seed} for this text"
        return f"{f':{name} {value}':<25} {setting.metadata['help']}"


@dataclass(frozen=True)
class _Command:
    about: str
    run: Callable[[Conversation, str], Passage | str]
    takes: str = ""  # what comes after its name


def _reset(conversation: Conversation) -> str:
    conversation.reset()
    return "Text and state are forgotten."


def _describe(conversation: Conversation) -> str:
    return "\n".join(map(conversation.describe, _SETTINGS))


def _help() -> str:
    rows = {
        "TEXT": "start a new text with it; ::TEXT where it begins with a colon",
        **{f":{name} {each.takes}".rstrip(): each.about for name, each in _COMMANDS.items()},
        ":NAME VALUE": f"change a setting: {', '.join(_SETTINGS)}",
        ":NAME default": "set it back; :NAME alone shows it",
        "Ctrl-C": "stop the text; :more carries it on",
    }
    return "\n".join(f"{name:<15} {about}" for name, about in rows.items())


def _leave() -> str:
    raise EOFError


_COMMANDS: Mapping[str, _Command] = {
    "more": _Command("carry the text on; so does an empty line", lambda it, _: it.more()),
    "reset": _Command("forget the text and the state", lambda it, _: _reset(it)),
    "save": _Command("write the text so far to a file", lambda it, name: it.save(name), "FILE"),
    "save!": _Command(
        "the same, over a file that exists", lambda it, name: it.save(name, overwrite=True), "FILE"
    ),
    "settings": _Command("how the model writes; so does :", lambda it, _: _describe(it)),
    "help": _Command("this list", lambda it, _: _help()),
    "quit": _Command("leave; so does Ctrl-D", lambda it, _: _leave()),
}

NAMES = (*_COMMANDS, *_SETTINGS)
"""The names that may follow a colon at the beginning of a line."""


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
