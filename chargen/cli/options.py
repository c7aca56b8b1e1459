"""Options made from the settings classes, which are the only home of defaults and limits."""

import os
import shlex
from collections.abc import Callable, Collection, Mapping
from dataclasses import Field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import click

from chargen.errors import CommandError, StorageError

checkpoint_option = click.option(
    "-c",
    "--checkpoint",
    help="A run's name or folder, or a file.  [default: the newest run, else the bundled model]",
)


unknown_option = click.option(
    "--unknown",
    type=click.Choice(["error", "skip", "nearest"]),
    default="error",
    show_default=True,
    help="What becomes of characters that the model never saw.",
)


label_option = click.option(
    "--label", help="Which label the text has, where the model has labels (`chargen info`)."
)


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
            self.fail(
                f"{value!r} is not a list of whole numbers such as 512 or 512,128", param, ctx
            )


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


cache_option = click.option(
    "--cache",
    metavar="FOLDER",
    help="Where texts too long for memory are kept.  [default: $CHARGEN_CACHE, else the system's]",
)


def setting_options(
    *settings: type,
    short: Mapping[str, str] = MappingProxyType({}),
    without: Collection[str] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that adds an option for every described field of the settings classes.

    Options that are not given come out as None, or as () where several may be given, so that a
    command passes on only what was.

    Args:
        settings: dataclasses whose fields have an "about" in their metadata.
        short: one-letter forms by field name.
        without: fields that have no option here.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for cls in reversed(settings):
            hints = get_type_hints(cls)
            for field in reversed(fields(cls)):
                if "about" in field.metadata and field.name not in without:
                    command = _option(cls, field, hints[field.name], short)(command)
        return command

    return decorate


def _option(
    cls: Any, field: "Field[Any]", hint: Any, short: Mapping[str, str]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    names = [f"--{field.name.replace('_', '-')}", field.name]
    if field.name in short:
        names.insert(0, f"-{short[field.name]}")
    kind: Any = next(each for each in (*get_args(hint), hint) if each is not type(None))
    default: Any = field.default
    literal = next((each for each in (hint, kind) if get_origin(each) is Literal), None)
    repeated = hint == tuple[str, ...]
    if literal is not None:
        kind = click.Choice(get_args(literal))
    elif repeated:
        kind, default = str, None
    elif get_origin(hint) is tuple:
        kind, default = _Widths(), ",".join(map(str, default))
    about = field.metadata["about"]
    about = about[0].upper() + about[1:] + "."
    if field.metadata["by_preset"]:
        default = "by --preset"
    bare = field.metadata["bare"]

    def given(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        """The values, or None. What may be no value but an argument is checked at once."""
        if value and bare is not None:
            cls.of({field.name: value})
        return value or None

    without_value: dict[str, Any] = {} if bare is None else {"flag_value": bare}
    return click.option(
        *names,
        type=kind,
        is_flag=kind is bool,
        default=None,
        multiple=repeated,
        callback=given if repeated else None,
        help=about if default in (None, False) else f"{about}  [default: {default}]",
        **without_value,
    )


def read_setting(settings: type, field: "Field[Any]", text: str) -> Any:
    """A setting's value, written as on the command line: quoted as in a shell, several with spaces.

    The word default means the default, and so does none where that is to have no value. In quotes
    they mean themselves.

    Raises:
        CommandError: if it is no such value; limits are for the settings class to check.
    """
    option = f"--{field.name.replace('_', '-')}"
    hint = get_type_hints(settings)[field.name]
    if text == "default" or (text == "none" and field.default in (None, ())):
        return field.default
    command: Any = _option(settings, field, hint, {})(
        click.Command(field.name, add_help_option=False)
    )
    try:
        words = shlex.split(text)
        if len(words) != 1 and not command.params[0].multiple:
            raise ValueError(f"received {len(words)} values for one; quote what has spaces in it")
        arguments = [f"{option}={word}" for word in words]
        return command.make_context(field.name, arguments).params[field.name]
    except click.UsageError as error:
        raise CommandError(f"{option[2:]}: {error.message}") from None
    except ValueError as error:
        raise CommandError(f"{option[2:]}: {error}.") from None


def show_setting(value: Any) -> str:
    """A setting's value in the form that `read_setting` reads."""
    if value is None or value == ():
        return "none"
    shown = shlex.join(map(str, value if isinstance(value, tuple) else (value,)))
    return f"'{shown}'" if shown in ("default", "none") else shown
