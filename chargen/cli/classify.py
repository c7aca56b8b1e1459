"""chargen classify: tell which model's style a text has."""

from pathlib import Path

import click

from chargen.cli import options
from chargen.cli.escapes import TEXT
from chargen.cli.help import command
from chargen.cli.terminal import say
from chargen.cli.texts import check_one_source, json_text, note_file, progress_bar, read_texts
from chargen.text.controls import escape_line


@command(
    'chargen classify "Once upon a time" -m novel -m letters',
    "chargen classify --file lines.txt -m poems --json",
)
@click.argument("text", required=False, type=TEXT)
@options.option(
    "-m",
    "--model",
    "models",
    multiple=True,
    required=True,
    metavar="MODEL",
    shell_complete=options.complete_run,
    help=f"Model to compare: {options.MODEL_HELP} Give two or more, or one with labels.",
)
@options.file("Classify each line of this file, or of the files of this folder.")
@options.encoding("the file or standard input")
@options.threads
@options.column("--file or -")
@options.option("--json", "as_json", is_flag=True, help="Print each result as a line of JSON.")
def classify(
    text: str | None,
    models: tuple[str, ...],
    file: Path | None,
    encoding: str,
    threads: int | None,
    column: str | None,
    as_json: bool,
) -> None:
    r"""Tell which model's style a text has.

    The best model is the one that needs the fewest bits for the text. Each line of output has the
    best model, a tab, and how many bits more the second best needs. If several are best, as for
    an empty line, a hyphen stands for the model.

    A TEXT of - is read from standard input; a newline at its end does not count. In any other one,
    \n, \t and \f stand for those characters, \\ for a backslash. A character that
    a model does not know costs 21 bits. A model with labels counts as several, each named MODEL:
    LABEL, so that one such model is enough.
    """
    from chargen.errors import CorpusError
    from chargen.evaluation.classify import Classification, candidates, classify
    from chargen.text.line_ends import MARKS, split_lines

    check_one_source(text, file, column)
    if text == "-" and column is not None:  # each row is a text, as with --file -
        text, file = None, Path("-")
    note_file(text, "--file")
    if file is not None:
        texts = [each for _, each in read_texts(file, encoding, column)]
        if column is None:
            texts = [line for each in texts for line in split_lines(each)]
    elif text == "-":
        ((_, whole),) = read_texts("-", encoding)
        texts = [whole.rstrip(MARKS)]
    else:
        texts = [text or ""]
    if not any(texts):
        raise CorpusError("The text is empty; there is nothing to tell models apart by.")
    several = candidates(models, threads)
    with progress_bar(len(several) * sum(map(len, texts))) as progress:
        results: list[Classification] = classify(texts, several, progress=progress)
    for result in results:
        if as_json:
            click.echo(json_text(result.to_json()).encode())
        else:
            click.echo(escape_line(f"{result.model or '-'}\t{result.margin:.2f}"))
    if file is None and not as_json:
        for name, bits in results[0].bits.items():
            say(f"{name}: {bits:.2f} bits, {bits / len(texts[0]):.3f} each")
