"""chargen serve: open an HTTP address that clients of OpenAI's completions speak to."""

import os
from pathlib import Path
from typing import Any

import click

from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.terminal import say
from chargen.config import ServingConfig
from chargen.config.base import given
from chargen.errors import SettingError

_MAX_KEY = 4096  # bytes
_LOCAL = ("127.0.0.1", "localhost", "::1")
_INSTALL = "pip install 'chargen[serve]'"


@command(
    "chargen serve --open",
    "chargen serve -m novel -m bundled --port 9000",
    "chargen serve --host 0.0.0.0 --api-key-file key.txt",
)
@options.option(
    "-m",
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    shell_complete=options.complete_run,
    group="Models",
    help=f"Offer this model only: {options.MODEL_HELP} May be repeated; the first is the default.  "
    "[default: all runs of --folder, and bundled]",
)
@options.option(
    "--folder",
    type=options.input_path,
    default=None,
    metavar="FOLDER",
    group="Models",
    help="Offer the runs of this folder, the newest of which is the default.  "
    "[default: checkpoints]",
)
@options.option(
    "--corpus",
    type=options.input_path,
    metavar="FILE",
    group="Models",
    help="Text, or folder of texts, that the models learned from: to show what a text copies, "
    "and for max_copy.",
)
@options.option(
    "--open", "opens", is_flag=True, group="Address", help="Open the playground in a browser."
)
@options.option(
    "--api-key-file",
    type=options.input_path,
    metavar="FILE",
    group="Access",
    help="File that holds the key.",
)
@options.settings(ServingConfig)
@options.threads
def serve(
    models: tuple[str, ...],
    folder: Path | None,
    corpus: Path | None,
    opens: bool,
    api_key_file: Path | None,
    threads: int | None,
    **settings: Any,
) -> None:
    """Offer models at an HTTP address, to programs and to a browser.

    Clients of OpenAI's completions find them under /v1; /docs describes all there is. A browser
    finds a playground at the address itself. Ctrl-C ends it when the requests in flight are
    answered, 30 seconds later at most; a second one ends it at once.
    """
    _check_installed()
    from chargen.cli.texts import read_texts
    from chargen.serving.app import make_app
    from chargen.serving.networks import Networks
    from chargen.serving.server import listen
    from chargen.serving.server import serve as run
    from chargen.storage.runs import BUNDLED, RUNS_FOLDER

    if models and folder is not None:
        raise SettingError("folder cannot be given with --model.", setting="folder")
    if folder is not None and not os.path.isdir(folder):
        raise SettingError(f"folder {folder} is no folder.", setting="folder")
    config = ServingConfig.of(given({**settings, "api_key": _key(settings, api_key_file)}))
    networks = Networks(
        folder or RUNS_FOLDER,
        chosen=_chosen(models),
        max_bytes=config.memory << 20,
        threads=threads,
    )
    texts = None if corpus is None else [text for _, text in read_texts(corpus, "utf-8")]
    app = make_app(networks, config, corpus=texts)
    listening = listen(config.host, config.port)
    host = f"[{config.host}]" if ":" in config.host else config.host
    address = f"http://{host}:{listening.getsockname()[1]}"
    if config.host not in _LOCAL and config.api_key is None:
        say(
            f"Warning: anybody who reaches {config.host} can use this server; --api-key-file FILE "
            "asks for a key."
        )
    first, *others = networks.paths()
    if folder is not None and not others and first == BUNDLED:
        say(f"There are no runs in {folder}; the model that comes with chargen answers.")

    def on_start() -> None:
        more = f" and {len(others):,} more" if others else ""
        say(f"{address} answers with {first}{more}; Ctrl-C ends it.")
        if opens:
            click.launch(address)

    run(app, listening, on_start=on_start)


def _check_installed() -> None:
    """Refuse to go on without the libraries that serving takes.

    Raises:
        MissingLibraryError: with the line that installs them.
    """
    from importlib.util import find_spec

    from chargen.errors import MissingLibraryError

    for name in ("fastapi", "uvicorn", "httptools", "prometheus_client"):
        if find_spec(name) is None:
            raise MissingLibraryError(
                f"Serving needs {name}, which is not installed. Install it with: {_INSTALL}"
            )


def _key(settings: dict[str, Any], file: Path | None) -> str | None:
    """Return the key that requests must bear, if there is one."""
    typed: str | None = settings["api_key"]
    if file is None:
        return os.environ.get("CHARGEN_API_KEY") if typed is None else typed
    if typed is not None:
        raise SettingError("api_key cannot be given with --api-key-file.", setting="api_key")
    from chargen.storage.waiting import told

    try:
        with told(f"Waiting for {file}, which is a pipe or a device."), file.open("rb") as opened:
            key = opened.read(_MAX_KEY).decode().strip()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        message = f"api_key_file {file} cannot be read: {reason}."
        raise SettingError(message, setting="api_key_file") from None
    if not key:
        raise SettingError(f"api_key_file {file} holds no key.", setting="api_key_file")
    return key


def _chosen(models: tuple[str, ...]) -> dict[str, Path]:
    """Return the file of each model that was named, by the last part of its path.

    Raises:
        CheckpointError: if one is not there, or is damaged.
        SettingError: if two would have the same name.
    """
    from chargen.checkpoint import Checkpoint
    from chargen.storage.runs import MODEL_FILE, find_checkpoint

    chosen: dict[str, Path] = {}
    for each in models:
        path = find_checkpoint(each)
        Checkpoint.load(path)
        file = path / MODEL_FILE if path.is_dir() else path
        named = file.parent if file.name == MODEL_FILE else file
        named = Path(os.path.abspath(named))  # noqa: PTH100, since resolve() follows links
        name = named.name.removesuffix(".safetensors")
        other = chosen.setdefault(name, file)
        if not file.samefile(other):
            message = f"model {file} would be called {name}, as {other} is; rename one of them."
            raise SettingError(message, setting="model")
    return chosen
