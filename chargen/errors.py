"""Every error that chargen raises on purpose, each with one sentence for the user.

    ChargenError
    ├── SettingError            a setting outside its limits (also a ValueError)
    ├── CommandError            a line of `chargen chat` that is no valid command
    ├── CorpusError             a text that cannot be read or learned from
    │   ├── EncodingError       bytes that are not text in the encoding asked for
    │   └── FormatError         a file that is no plain text, such as a PDF
    ├── UnknownCharacterError   a prompt with characters that the model never saw
    ├── CheckpointError         a checkpoint that is missing, damaged, foreign or too new
    ├── ExportError             an exported model that is damaged, or cannot be made
    ├── StateError              a recurrent state that does not fit the model
    ├── RunError                a run that exists, is locked, or cannot be continued
    ├── DivergedError           a training loss that diverged again after every rollback
    ├── ClusterError            workers that do not fit together, or of which one is gone
    ├── Interrupted             training stopped by a signal, with everything saved
    ├── MissingLibraryError     a library that this needs and that is not installed
    └── StorageError            a folder that cannot be written, or a full disk

The command line catches `ChargenError` once, prints its message and exits with `exit_code`.
The message says what was received, what was expected, and what to do next.
"""

_MAX_LENGTH = 600  # characters of a message


def bounded(message: str) -> str:
    """Return a message; of one that is too long, the middle is left out."""
    half = _MAX_LENGTH // 2
    return message if len(message) <= _MAX_LENGTH else f"{message[:half]} ... {message[-half:]}"


class ChargenError(Exception):
    """Base of all errors that chargen raises on purpose.

    Args:
        message: what is wrong; see `bounded`.
    """

    exit_code: int = 1
    setting: str | None = None  # the name that the message begins with, if it does

    def __init__(self, message: str) -> None:
        super().__init__(bounded(message))

    def told(self, mark: str) -> str:
        """Return the message, with a setting named as it is typed: `mark` (-- or :) before it."""
        if self.setting is None:
            return str(self)
        name = self.setting.replace("_", "-")
        return f"{mark}{name}{str(self).removeprefix(self.setting)}"


class SettingError(ChargenError, ValueError):
    """A setting outside its limits; the message names the setting, its value and the limit.

    Args:
        message: what is wrong.
        setting: the name of the setting, if the message begins with it.
    """

    exit_code = 2

    def __init__(self, message: str, setting: str | None = None) -> None:
        super().__init__(message)
        self.setting = setting


class CommandError(ChargenError):
    """A line of `chargen chat` with an unknown command, or with a value that it does not take."""


class CorpusError(ChargenError):
    """A text that cannot be read or learned from."""


class EncodingError(CorpusError):
    """Bytes that are not text in the encoding asked for; the message names their offset.

    Args:
        message: what is wrong, and where.
        likely: the encoding that they may be in; None if they do not look like text.
    """

    def __init__(self, message: str, likely: str | None = None) -> None:
        super().__init__(message)
        self.likely = likely


class FormatError(CorpusError):
    """A file that is no plain text; the message says what it is, and how to get its text.

    Args:
        message: what is wrong.
        kind: what the file is, such as "a PDF".
    """

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class UnknownCharacterError(ChargenError):
    """A prompt with characters that the model never saw.

    Args:
        found: what is wrong, as a sentence.
        way_out: what to do, where that is said to users of the command line and of Python.
    """

    def __init__(self, found: str, way_out: str = "") -> None:
        super().__init__(f"{found} {way_out}".strip())
        self.found = found


class CheckpointError(ChargenError):
    """A checkpoint that is missing, damaged, foreign or of a newer format."""


class ExportError(ChargenError):
    """A model that a format cannot hold, or an exported one that is damaged or computes otherwise.

    The message names the file, and what of it is wrong.
    """


class StateError(ChargenError, ValueError):
    """A recurrent state whose cell, layer count or shape does not fit the model."""


class RunError(ChargenError):
    """A run that already exists, is in use, or cannot be continued as asked."""


class DivergedError(ChargenError):
    """A training loss that diverged again after every rollback to the last save."""


class ClusterError(ChargenError):
    """Workers that do not fit together, or of which one is gone; the message names the worker."""


class Interrupted(ChargenError):
    """Training stopped by a signal, with everything saved.

    Args:
        message: how to continue.
        signal_number: which signal; the exit code is 128 more, as shells expect.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


class MissingLibraryError(ChargenError):
    """A library that something needs and that is not installed; the message says how to get it."""


class StorageError(ChargenError):
    """A file that could not be written; the message says what is there now."""
