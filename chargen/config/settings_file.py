"""A file of settings: TOML, a line for each, under its own name."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chargen.config.base import shorten
from chargen.config.run import RunConfig
from chargen.errors import SettingError

_MAX_BYTES = 1_000_000
_LENGTHS = {"minutes", "epochs"}  # of which a run has one


def read_settings(path: Path) -> dict[str, Any]:
    """Return the settings in a file, by name.

    Raises:
        SettingError: if there is no such file, it is not TOML, or holds what is no setting or is
            outside its limits. The message names the file.
    """
    settings = _parse(path, _read(path))
    for name, value in settings.items():
        if isinstance(value, dict):
            raise SettingError(
                f"{path} has a table, {shorten(name)}; a file of settings has no tables, so take "
                "away its line in brackets."
            )
    try:
        RunConfig.of(settings)
    except SettingError as error:
        raise SettingError(f"{path}: {error}") from None
    return settings


def with_options(settings: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a file, with those given as options in place of theirs.

    Minutes given take the place of the file's epochs too, and the reverse.
    """
    replaced = _LENGTHS if _LENGTHS & options.keys() else set()
    kept = {name: value for name, value in settings.items() if name not in replaced}
    return {**kept, **options}


def settings_text(settings: Mapping[str, Any]) -> str:
    """Return settings as the text of a file, under the headings of the help pages.

    Those that are None or empty are left out, which means the same.

    Raises:
        SettingError: if a text has halves of characters, which TOML cannot hold.
    """
    groups: dict[str, list[str]] = {}
    for name, described in RunConfig.described().items():
        value = settings.get(name)
        if value not in (None, ()):
            groups.setdefault(described.group, []).append(f"{name} = {_toml(name, value)}\n")
    return "\n".join(f"# {group}\n{''.join(lines)}" for group, lines in groups.items())


def _toml(name: str, value: Any) -> str:
    """Return a value as TOML: as JSON, but for one character that TOML wants escaped."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SettingError(
            f"{name} has bytes that are no UTF-8, which a TOML file cannot hold; received "
            f"{shorten(value)}.",
            setting=name,
        ) from None
    return text.replace("\x7f", r"\u007f")


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except FileNotFoundError:
        way = "`chargen info -m RUN --config` prints the settings of a run"
        raise SettingError(f"There is no file {path}; {way}.") from None
    except IsADirectoryError:
        raise SettingError(f"{path} is a folder; give the path of a TOML file.") from None
    except UnicodeDecodeError as error:
        byte = f"byte {error.start:,} is 0x{error.object[error.start]:02x}"
        raise SettingError(f"{path} is not UTF-8 ({byte}); save it as UTF-8.") from None
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {error.strerror or error}.") from None
    if len(data) > _MAX_BYTES:
        raise SettingError(f"{path} is no file of settings: it is longer than 1 MB.")
    return text


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise SettingError(
            f"{path} is not TOML: {reason.rstrip('.')}. A setting is a line such as units = [256]; "
            'a text stands in quotes: cell = "gru".'
        ) from None
