"""chargen classify: which model's style is a text?"""

import io
import json
from pathlib import Path

import click

from chargen.cli.texts import check_one_source, progress_bar, read_text


@click.command()
@click.argument("text", required=False)
@click.option(
    "-m",
    "--model",
    "models",
    multiple=True,
    required=True,
    metavar="CHECKPOINT",
    help="A run's name or folder, or a file; at least two, or one with labels.",
)
@click.option(
    "--file", type=click.Path(path_type=Path, readable=False), help="Classify each line of a file."
)
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of file or input.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object, or one a line.")
def classify(
    text: str | None, models: tuple[str, ...], file: Path | None, encoding: str, as_json: bool
) -> None:
    """Say which model's style TEXT is: that of the model which spends the fewest bits on it.

    Written are the model and, after a tab, by how many bits the second is worse. Where several
    are best, as they are on an empty line, the model is a hyphen. TEXT can be - for standard
    input (a line end at its end does not count); with --file, each line of FILE gives a line.
    A character that a model never saw costs it 21 bits. A model with labels counts as several,
    MODEL: LABEL each, so that one such model is enough.
    """
    from chargen.errors import CorpusError
    from chargen.evaluation.classify import Classification, candidates, classify

    check_one_source(text, file)
    if file is not None:
        texts = [line.rstrip("\n") for line in io.StringIO(read_text(file, encoding), newline=None)]
    else:
        whole = read_text("-", encoding).rstrip("\r\n") if text == "-" else text
        texts = [whole or ""]
    if not any(texts):
        raise CorpusError("The text is empty; there is nothing to tell models apart by.")
    several = candidates(models)
    with progress_bar(len(several) * sum(map(len, texts))) as progress:
        results: list[Classification] = classify(texts, several, progress=progress)
    for result in results:
        if as_json:
            click.echo(json.dumps(result.to_json()))
        else:
            click.echo(f"{result.model or '-'}\t{result.margin:.2f}")
    if file is None and not as_json:
        for name, bits in results[0].bits.items():
            click.echo(f"{name}: {bits:.2f} bits, {bits / len(texts[0]):.3f} each", err=True)
