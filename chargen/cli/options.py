"""Options made from the settings classes, and those that commands share."""

import os
import shlex
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from chargen.cli.escapes import IN_WORDS, TEXT, escape
from chargen.cli.help import Option
from chargen.config import ComputingConfig
from chargen.config.base import Setting, Settings, check, shorten
from chargen.errors import CommandError, SettingError, StorageError
from chargen.shell import quoted
from chargen.text.controls import escape_line

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
_MAX_SHOWN_LIMIT = 1_000_000  # greater ones are there to catch slips only


class _Parsed(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A value that `parse` makes of a text, if it is as `expected`."""

    def __init__(self, name: str, parse: Callable[[str], Any], expected: str) -> None:
        self.name, self._parse, self._expected = name, parse, expected

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self._parse(value) if isinstance(value, str) else value
        except ValueError:  # Python reads no integer of more than 4,300 digits
            reason = "is too large" if value.isdecimal() else f"is not {self._expected}"
            self.fail(f"{shorten(value)} {reason}.", param, ctx)


_TYPES = {
    (int, False): _Parsed("integer", int, "a whole number"),
    (float, False): _Parsed("number", float, "a number"),
    (int, True): _Parsed(
        "N[,N...]",
        lambda text: tuple(map(int, text.split(","))),
        "a list of whole numbers such as 512 or 512,128",
    ),
}


class _Path(click.Path):
    """The path of a file or folder: what no system takes for one is told here."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except ValueError:  # NUL, or halves of characters
            self.fail(f"{shorten(value)} cannot be the path of a file.", param, ctx)


class _OutputFile(_Path):
    """A file to write: what can be wrong with its place is told before the work."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path: Any = super().convert(value, param, ctx)
        if os.path.isdir(path):
            raise StorageError(f"{path} is a folder; give the path of a file to write.")
        if not os.path.isdir(path.parent):
            raise StorageError(
                f"{path} cannot be written: there is no folder {path.parent}; make it first."
            )
        return path


input_path = _Path(path_type=Path, allow_dash=True, readable=False)
settings_file = _Path(path_type=Path, readable=False)


class _OutputFolder(_Path):
    """A folder to make: what can be wrong with its place is told before the work."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path: Any = super().convert(value, param, ctx)
        if not os.path.isdir(path.parent):
            raise StorageError(
                f"{path} cannot be made: there is no folder {path.parent}; make it first."
            )
        return path


output_file = _OutputFile(path_type=Path, readable=False)
output_folder = _OutputFolder(path_type=Path, readable=False)

option = partial(click.option, cls=Option)
output = partial(option, group="Output")
MODEL_HELP = (
    "a run's name, its folder, a model file, or bundled (the model that comes with chargen)."
)


def complete_run(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    """Return what a shell may complete a run's name to; where none fits, it completes files."""
    from click.shell_completion import CompletionItem

    from chargen.storage.runs import BUNDLED, run_names

    names = [*run_names(), BUNDLED] if param.name in ("model", "models", "base") else run_names()
    fitting = [each for each in names if each.startswith(incomplete) and each.isprintable()]
    return list(map(CompletionItem, fitting)) or [CompletionItem(incomplete, type="file")]


model = option(
    "-m",
    "--model",
    metavar="MODEL",
    shell_complete=complete_run,
    group="Model",
    help=f"Model to use: {MODEL_HELP}  [default: the newest run, else bundled]",
)
label = option(
    "--label",
    group="Model",
    help="Label of the text, if the model has labels (`chargen info` lists them).",
)
verbose = option(
    "-v",
    "--verbose",
    is_flag=True,
    group="Model",
    help="Say which model is used, even where standard error is no terminal.",
)
cache = option(
    "--cache",
    metavar="FOLDER",
    group="Corpus",
    help="Folder for temporary copies of texts that are too long for memory.  "
    "[default: $CHARGEN_CACHE, else the system's cache folder]",
)
json = output("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
html = output("--html", type=output_file, metavar="FILE", help="Write the result as one HTML page.")


def unknown(default: str) -> _Decorator:
    """Return a decorator that adds --unknown, with this default."""
    return option(
        "--unknown",
        type=click.Choice(["error", "skip", "nearest"]),
        default=default,
        group="Text",
        help="What to do with characters that the model does not know: refuse them, leave them "
        "out, or take the most similar known ones, and say so.",
    )


def file(help: str) -> _Decorator:
    """Return a decorator that adds --file, a file to read instead of TEXT."""
    return option("--file", type=input_path, metavar="FILE", group="Text", help=help)


def encoding(of: str) -> _Decorator:
    """Return a decorator that adds --encoding, the encoding `of` some files."""
    help = f"Encoding of {of}; auto detects it in files."
    return option("--encoding", default="utf-8", group="Text", help=help)


def column(of: str) -> _Decorator:
    """Return a decorator that adds --column, the column of a table that is read."""
    help = f"Column to read of {of}, if that is a table: CSV or JSON lines. Each row is a text."
    return option("--column", metavar="NAME", group="Text", help=help)


def settings(*classes: type[Settings], without: Collection[str] = ()) -> _Decorator:
    """Return a decorator that adds an option for every setting of the classes, but some.

    Options that are not given come out as None.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for cls in reversed(classes):
            for each in reversed(cls.described().values()):
                if each.name not in without:
                    command = _setting(cls, each)(command)
        return command

    return decorate


def one_setting(cls: type[Settings], name: str, help: str) -> _Decorator:
    """Return a decorator that adds a setting's option, with another help and no default."""
    return _setting(cls, replace(cls.described()[name], help=help))


def _setting(cls: type[Settings], setting: Setting) -> _Decorator:
    """Return a decorator that adds a setting's option."""

    def read(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        """Return the value, or None. An argument taken for a value is told at once."""
        if value and setting.flag_value is not None:
            try:
                cls.of({setting.name: value})
            except SettingError:
                _refuse_paths(setting, value)
                raise
        return None if value == () else value

    flag: dict[str, Any] = {} if setting.flag_value is None else {"flag_value": setting.flag_value}
    return option(
        *filter(None, (setting.short, setting.option, setting.name)),
        type=_type(setting),
        is_flag=setting.type is bool,
        default=None,
        multiple=setting.is_tuple and setting.type is str,
        callback=read,
        group=setting.group,
        help=_help(setting),
        **flag,
    )


def _refuse_paths(setting: Setting, values: Collection[str]) -> None:
    """Refuse paths that an option took for its value, which it need not have."""
    for value in values:
        if os.path.exists(value):
            text = quoted(value)
            raise SettingError(
                f"{setting.name} took {shorten(value)}, which is a path, for its value; put the "
                f"text before it: {text} {setting.option}",
                setting=setting.name,
            )


def number(help: str, default: int, *names: str, min: int = 0, max: int = 10**9) -> _Decorator:
    """Return a decorator that adds an option for a whole number, which is no setting."""
    setting = Setting(help=help, default=default, min=min, max=max, type=int)

    def read(ctx: click.Context, param: click.Parameter, value: int) -> int:
        check(param.opts[-1].lstrip("-"), value, setting.allows(value), setting.in_words())
        return value

    return output(
        *names,
        type=_type(setting),
        default=default,
        show_default=False,
        callback=read,
        help=_help(setting),
    )


def _type(setting: Setting) -> Any:
    """Return click's type of one value of a setting."""
    if setting.choices:
        return click.Choice(setting.choices)
    if setting.escapes:
        return TEXT
    return _TYPES.get((setting.type, setting.is_tuple), click.types.convert_type(setting.type))


def _help(setting: Setting) -> str:
    """Return a setting's help, with its default and its limits in brackets."""
    facts, default = [], setting.default
    if setting.by_preset:
        facts.append("default: by --preset")
    elif isinstance(default, str | int | float) and setting.type is not bool:
        facts.append(f"default: {default:g}" if setting.type is float else f"default: {default}")
    if setting.limits and setting.max > _MAX_SHOWN_LIMIT:
        is_above = setting.excluded == setting.min
        facts.append(f"above {setting.min}" if is_above else f"{setting.min} or more")
    elif setting.limits:
        facts.append(setting.limits)
    help = f"{setting.help} {IN_WORDS}" if setting.escapes else setting.help
    return f"{help}  [{'; '.join(facts)}]" if facts else help


threads = settings(ComputingConfig)


def read_setting(setting: Setting, text: str) -> Any:
    """Read a setting's value: in quotes where it has spaces in it, several with spaces between.

    Escapes are read as on the command line; there is no shell that would take their backslash.

    The word default means the default, and so does none where that is to have no value. In quotes
    they mean themselves.

    Raises:
        CommandError: if it is no such value; limits are for the settings class to check.
    """
    if text == "default" or (text == "none" and setting.default in (None, ())):
        return setting.default
    name, kind = setting.option.removeprefix("--"), _type(setting)
    try:
        words = shlex.shlex(text, posix=True)
        words.whitespace_split, words.escape, words.commenters = True, "", ""
        values = tuple(kind.convert(word, None, None) for word in words)
    except click.UsageError as error:
        raise CommandError(f":{name}: {error.message}") from None
    except ValueError as error:
        raise CommandError(f":{name}: {error}.") from None
    if setting.is_tuple:
        return values
    if len(values) != 1:
        reason = f"received {len(values)} values for one; quote what has spaces in it"
        raise CommandError(f":{name}: {reason}.")
    return values[0]


def show_setting(setting: Setting, value: Any) -> str:
    """Return a setting's value in the form that `read_setting` reads."""
    if value is None or value == ():
        return "none"
    texts = list(map(str, value if isinstance(value, tuple) else (value,)))
    shown = shlex.join(map(escape if setting.escapes else escape_line, texts))
    return f"'{shown}'" if shown in ("default", "none") else shown
