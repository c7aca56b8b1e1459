"""chargen verify: check an exported model."""

from pathlib import Path

import click

from chargen.cli import options
from chargen.cli.help import command
from chargen.cli.texts import put_json


@command("chargen verify novel.onnx", "chargen verify writer.py --json")
@click.argument("file", type=options.input_path)
@options.json
def verify(file: Path, as_json: bool) -> None:
    """Run an exported model in its own program, and compare.

    FILE is a file or folder that `chargen export` wrote. It carries a short text with its logits
    and the state after it. They are computed again by the program that the format is for, which
    must be installed. The largest difference is printed; more than 0.0001 is an error, and so is
    any change of the weights or the vocabulary.
    """
    from chargen.exports.verify import verify as run
    from chargen.wording import count

    result = run(file)
    if as_json:
        put_json(
            {
                "path": str(result.path),
                "format": result.format,
                "runtime": result.runtime,
                "characters": result.characters,
                "logits_difference": result.difference.logits,
                "state_difference": result.difference.state,
            }
        )
        return
    click.echo(
        f"{result.path} is unchanged, and {result.runtime} computes the same on "
        f"{count(result.characters, 'character')}: largest difference "
        f"{result.difference.logits:.1e} in the logits, {result.difference.state:.1e} in the state."
    )
