"""Options made from the settings classes, and those that commands share."""

import os
import shlex
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from chargen.cli.help import Option
from chargen.config.base import Setting, Settings, check, is_integer, shorten
from chargen.errors import CommandError, StorageError

_MAX_SHOWN_LIMIT = 100_000  # greater ones are there to catch slips only


class Number(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A number, whole or not, from `min` to `max` if these are given."""

    def __init__(self, kind: type, min: int = 0, max: int | None = None) -> None:
        self._kind, self._min, self._max = kind, min, max
        self.name = "integer" if kind is int else "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            number = self._kind(value)
        except ValueError:  # Python reads no integer of more than 4,300 digits
            kind = "whole number" if self._kind is int else "number"
            reason = "is too large" if value.isdecimal() else f"is not a {kind}"
            self.fail(f"{shorten(value)} {reason}.", param, ctx)
        if param is not None and self._max is not None:
            ok = is_integer(number, self._min, self._max)
            limits = f"{self._min:,} to {self._max:,}"
            check(param.opts[-1], number, ok, f"a whole number from {limits}")
        return number


class _Widths(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A width per layer: whole numbers with commas between."""

    name = "N[,N...]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in value.split(","))
        except ValueError:
            message = "is not a list of whole numbers such as 512 or 512,128"
            self.fail(f"{shorten(value)} {message}", param, ctx)


class _OutputFile(click.Path):
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


output_file = _OutputFile(path_type=Path, readable=False)
input_file = click.Path(path_type=Path, readable=False)

option = partial(click.option, cls=Option)
MODEL_HELP = (
    "a run's name, its folder, a model file, or bundled (the model that comes with chargen)."
)

model_option = option(
    "-m",
    "--model",
    metavar="MODEL",
    group="Model",
    help=f"Model to use: {MODEL_HELP}  [default: the newest run, else bundled]",
)
label_option = option(
    "--label",
    group="Model",
    help="Label of the text, if the model has labels (`chargen info` lists them).",
)
unknown_option = option(
    "--unknown",
    type=click.Choice(["error", "skip", "nearest"]),
    default="error",
    show_default=True,
    group="Text",
    help="What to do with characters that the model does not know: refuse them, leave them out, "
    "or take the most similar known ones.",
)
cache_option = option(
    "--cache",
    metavar="FOLDER",
    group="Corpus",
    help="Folder for temporary copies of texts that are too long for memory.  "
    "[default: $CHARGEN_CACHE, else the system's cache folder]",
)
json_option = option(
    "--json", "as_json", is_flag=True, group="Output", help="Print the result as one JSON object."
)


def encoding_option(of: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds --encoding, the encoding `of` some files."""
    help = f"Encoding of {of}; auto detects it in files."
    return option("--encoding", default="utf-8", show_default=True, group="Text", help=help)


def setting_options(
    *classes: type[Settings],
    short: Mapping[str, str] = MappingProxyType({}),
    without: Collection[str] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds an option for every setting of the classes.

    Options that are not given come out as None, or as () where several may be given, so that a
    command passes on only what was.

    Args:
        classes: the settings classes.
        short: one-letter forms by the setting's name.
        without: settings that have no option here.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for cls in reversed(classes):
            for each in reversed(cls.described().values()):
                if each.name not in without:
                    command = _option(cls, each, short.get(each.name))(command)
        return command

    return decorate


def _option(
    cls: type[Settings], setting: Setting, short: str | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds a setting's option."""
    is_repeated = setting.is_tuple and setting.type is str
    kind: Any = setting.type
    if setting.choices:
        kind = click.Choice(setting.choices)
    elif setting.is_tuple and not is_repeated:
        kind = _Widths()
    elif kind in (int, float):
        kind = Number(kind)
    flag_value = setting.metadata["flag_value"]

    def given(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        """Return the values, or None. An argument taken for a value is told at once."""
        if value and flag_value is not None:
            cls.of({setting.name: value})
        return value or None

    more: dict[str, Any] = {} if flag_value is None else {"flag_value": flag_value}
    return option(
        *([f"-{short}"] if short else []),
        setting.option,
        setting.name,
        type=kind,
        is_flag=kind is bool,
        default=None,
        multiple=is_repeated,
        callback=given if is_repeated else None,
        group=setting.metadata["group"],
        help=_help(setting),
        **more,
    )


def _help(setting: Setting) -> str:
    """Return a setting's help, with its default and its limits in brackets."""
    facts = []
    if setting.metadata["by_preset"]:
        facts.append("default: by --preset")
    elif isinstance(setting.default, str | int | float) and setting.type is not bool:
        default = setting.default
        facts.append(f"default: {default:g}" if setting.type is float else f"default: {default}")
    low, high = setting.metadata["limits"] or (0, 0)
    if high > _MAX_SHOWN_LIMIT:
        is_excluded = setting.metadata["excluded"] == low
        facts.append(f"above {low}" if is_excluded else f"{low} or more")
    elif setting.limits:
        facts.append(setting.limits)
    return (
        f"{setting.metadata['help']}  [{'; '.join(facts)}]" if facts else setting.metadata["help"]
    )


def read_setting(cls: type[Settings], setting: Setting, text: str) -> Any:
    """Read a setting's value as on the command line: quoted as in a shell, several with spaces.

    The word default means the default, and so does none where that is to have no value. In quotes
    they mean themselves.

    Raises:
        CommandError: if it is no such value; limits are for the settings class to check.
    """
    if text == "default" or (text == "none" and setting.default in (None, ())):
        return setting.default
    command: Any = _option(cls, setting)(click.Command(setting.name, add_help_option=False))
    name = setting.option.removeprefix("--")
    try:
        words = shlex.split(text)
        if len(words) != 1 and not command.params[0].multiple:
            raise ValueError(f"received {len(words)} values for one; quote what has spaces in it")
        arguments = [f"{setting.option}={word}" for word in words]
        return command.make_context(setting.name, arguments).params[setting.name]
    except click.UsageError as error:
        raise CommandError(f"{name}: {error.message}") from None
    except ValueError as error:
        raise CommandError(f"{name}: {error}.") from None


def show_setting(value: Any) -> str:
    """Return a setting's value in the form that `read_setting` reads."""
    if value is None or value == ():
        return "none"
    shown = shlex.join(map(str, value if isinstance(value, tuple) else (value,)))
    return f"'{shown}'" if shown in ("default", "none") else shown
