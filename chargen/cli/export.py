"""chargen export: write a model in the format of another program."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chargen.cli import options
from chargen.cli.help import Group, command
from chargen.cli.models import load_model
from chargen.cli.terminal import say

if TYPE_CHECKING:
    from chargen.checkpoint import Checkpoint

_overwrite = options.output(
    "--overwrite", is_flag=True, help="Replace what is at the output's place."
)


@click.group(
    cls=Group,
    examples=(
        "chargen export onnx -m novel -o novel.onnx",
        "chargen export page -m novel -o play.html",
        "chargen export hub -m novel -o novel-for-the-hub --license cc0-1.0",
    ),
)
def export() -> None:
    """Write a model for another program, or in half the space.

    Each export carries the vocabulary, what was done to the text, and test vectors, which
    `chargen verify` runs.
    """


def _format(*examples: str, folder: bool = False) -> Callable[[Callable[..., Any]], click.Command]:
    """Return a decorator that makes the command of a format, with the options that all have.

    Args:
        examples: of its help page.
        folder: whether it writes a folder.
    """

    def decorate(function: Callable[..., Any]) -> click.Command:
        made = _overwrite(function)
        place = options.output(
            "-o",
            "--output",
            required=True,
            type=options.output_folder if folder else options.output_file,
            metavar="FOLDER" if folder else "FILE",
            help="Folder to make." if folder else "File to write.",
        )
        made = options.model(options.verbose(place(made)))
        made = command(*examples)(made)
        export.add_command(made)
        return made

    return decorate


@_format(
    "chargen export keras -m novel -o novel.keras",
    "chargen export keras -m bundled -o bell.keras --overwrite",
)
def keras(**given: Any) -> None:
    """Write a .keras file of stock layers, states in and out.

    This needs TensorFlow: pip install 'chargen[train]'. The inputs are `ids` [batch, steps], the
    states `h_0`, `c_0` and so on, and `labels` [batch] of a model with labels. The outputs are
    `logits` and the states.
    """
    _export("keras", **given)


@_format(
    "chargen export savedmodel -m novel -o novel-savedmodel",
    "chargen export savedmodel -m bundled -o bell --overwrite",
    folder=True,
)
def savedmodel(**given: Any) -> None:
    """Write a TensorFlow SavedModel, states in and out.

    This needs TensorFlow: pip install 'chargen[train]'. Its inputs and outputs are those of the
    .keras file, by name, of the signature `serving_default`.
    """
    _export("savedmodel", **given)


@_format(
    "chargen export onnx -m novel -o novel.onnx",
    "chargen export onnx -m bundled -o bell.onnx --overwrite",
)
def onnx(**given: Any) -> None:
    """Write an ONNX file, for C++, Java, Rust, phones or browsers.

    This needs the package onnx: pip install 'chargen[onnx]'. The inputs are `ids` [time, batch],
    the states `h_0`, `c_0` and so on, and `labels` [batch] of a model with labels. The outputs are
    `logits` and `next_h_0`, `next_c_0` and so on.
    """
    _export("onnx", **given)


@_format(
    "chargen export torch -m novel -o novel-torch",
    "chargen export torch -m bundled -o bell --overwrite",
    folder=True,
)
def torch(**given: Any) -> None:
    """Write a folder for PyTorch: a state dict in safetensors, and a short model.py.

    Writing it needs no PyTorch; to verify it does: pip install torch.
    """
    _export("torch", **given)


@_format(
    "chargen export hub -m novel -o novel-for-the-hub --license cc0-1.0 --language en",
    "chargen export hub -m bundled -o drowned-bell",
    folder=True,
)
@options.output(
    "--license", metavar="NAME", help="Licence of the model, as hubs name it, such as cc0-1.0."
)
@options.output(
    "--language", metavar="CODE", help="Language of the text, as a code of ISO 639, such as en."
)
def hub(**given: Any) -> None:
    """Write a folder for a model hub, with a model card.

    It holds model.safetensors, config.json and README.md, and `-m FOLDER` reads it. Nothing is
    uploaded: the hub's own tool does that. Read the card first, and complete it.
    """
    _export("hub", **given)


@_format(
    "chargen export page -m novel -o play.html",
    "chargen export page -m bundled -o bell.html --float32",
)
@options.output(
    "--float32", is_flag=True, help="Exact weights, four times as large; else int8 ones."
)
def page(**given: Any) -> None:
    """Write one HTML file that writes text in a browser, offline.

    It is the playground with the model inside: mail it, or open it from a disk or a phone. Nothing
    is loaded and nothing is sent.
    """
    _export("page", **given)


@_format(
    "chargen export python -m novel -o writer.py",
    "chargen export python -m bundled -o bell.py --overwrite",
)
def python(**given: Any) -> None:
    """Write a program of one file that needs NumPy alone.

    `python writer.py "All: " --seed 1` writes the text that `chargen sample` writes. The program is
    short, and made to be read.
    """
    _export("python", **given)


@_format(
    "chargen export half -m novel -o novel-half.safetensors",
    "chargen export half -m bundled -o bell.safetensors --overwrite",
)
def half(**given: Any) -> None:
    """Write a model file of half the size, for chargen itself.

    The weights are rounded from float32 to float16, and `-m FILE` reads them. By how much that
    changes the logits of a short text, at most, is said.
    """
    from chargen.exports.half import rounding
    from chargen.wording import about

    model = _export("half", **given)
    say(f"Rounding the weights to float16 changes logits by up to {about(rounding(model))}.")


def _export(
    format: str,
    *,
    model: str | None,
    verbose: bool,
    output: Path,
    overwrite: bool,
    **more: Any,
) -> "Checkpoint":
    """Write a model, and say where, how large it is, and what is left to whoever runs it.

    Returns:
        The model as it was before.
    """
    from chargen.exports.formats import FORMATS, check_target, left_to_caller
    from chargen.shell import command as command_line
    from chargen.wording import about

    check_target(output, FORMATS[format], overwrite)
    loaded = load_model(model, verbose=verbose)
    loaded.export(output, format, overwrite=overwrite, **more)
    if not output.is_file() and not output.is_dir():
        return loaded.checkpoint  # a pipe or a device
    files = [output] if output.is_file() else output.rglob("*")
    size = sum(each.stat().st_size for each in files if each.is_file())
    say(
        f"Written to {output}, {about(size / 1e6)} MB. To check it: "
        f"{command_line('verify', output)}"
    )
    if FORMATS[format].is_network_only and (duties := left_to_caller(loaded.checkpoint)):
        say(f"Left to the program that runs it: {'; '.join(duties)}.")
    return loaded.checkpoint
