"""chargen sample: write in the style of a trained model."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from chargen.cli.options import checkpoint_option, setting_options, unknown_option
from chargen.config import SamplingConfig
from chargen.errors import CorpusError, EncodingError


@click.command()
@click.argument("prompts", metavar="[PROMPT]...", nargs=-1)
@checkpoint_option
@click.option(
    "--prompt-file",
    "prompt_files",
    multiple=True,
    type=click.Path(),
    help="A file to take a prompt from; may be repeated.",
)
@click.option("-n", "--samples", "n", default=1, show_default=True, help="Texts for each prompt.")
@setting_options(SamplingConfig, short={"length": "l", "temperature": "t", "seed": "s"})
@unknown_option
@click.option("--no-echo", is_flag=True, help="Leave the prompt out of the text.")
@click.option("--separator", default="\n", help="Between texts.  [default: an empty line]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each text.")
@click.option(
    "--top", type=int, default=0, help="In JSON, how many likely characters for each place."
)
@click.option(
    "--engine",
    type=click.Choice(["numpy", "keras"]),
    default="numpy",
    show_default=True,
    help="What computes; keras is the slow reference.",
)
def sample(
    prompts: tuple[str, ...],
    checkpoint: str | None,
    prompt_files: tuple[str, ...],
    n: int,
    unknown: Any,
    no_echo: bool,
    separator: str,
    as_json: bool,
    top: int,
    engine: Any,
    **settings: Any,
) -> None:
    """Write what might follow each PROMPT, the prompt first, on standard output.

    A PROMPT of - is read from standard input, without its last newline.

    The next character is chosen in this order: --only, --ban, --repetition-penalty and --max-line
    say what may come; --temperature flattens or sharpens the odds; --top-k, --top-p and --min-p
    rule the unlikely out; and one of what is left is drawn.
    """
    from chargen.language_model import load
    from chargen.text.unknown import fit

    if top and not as_json:
        raise click.UsageError("--top is shown in JSON only; add --json.")
    model = load(checkpoint, engine=engine)
    given = {key: value for key, value in settings.items() if value not in (None, ())}
    texts = [*map(_prompt, prompts), *map(_read, prompt_files)] or [""]
    fitted = [fit(text, model.vocabulary, unknown) for text in texts]
    for note in dict.fromkeys(note for each in fitted for note in each.notes):
        click.echo(note, err=True)
    texts = [each.text for each in fitted]

    # Bytes, so that neither the locale nor the platform's line endings change the text.
    output = sys.stdout.buffer
    if len(texts) * n == 1 and not as_json:
        pieces = model.stream(texts[0], **given)
        output.write(b"" if no_echo else texts[0].encode())
        for piece in pieces:
            output.write(piece.encode())
            output.flush()
        output.write(b"\n")
        return
    samples = model.samples(texts, n=n, log_probs=as_json, top=top, **given)
    for number, each in enumerate(samples):
        if as_json:
            line = json.dumps(each.to_json(), ensure_ascii=False)
        else:
            line = (separator if number else "") + ("" if no_echo else each.prompt) + each.text
        output.write(f"{line}\n".encode())
        output.flush()


def _prompt(argument: str) -> str:
    return _read(argument) if argument == "-" else argument


def _read(path: str) -> str:
    """A prompt from a file, or from standard input for "-", without its last newline."""
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return data.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise CorpusError(f"The prompt {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"The prompt {path} is not UTF-8 text: byte {error.object[error.start]:#04x} at "
            f"offset {error.start:,}."
        ) from None
