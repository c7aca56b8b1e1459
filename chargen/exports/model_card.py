"""The model card of a hub's folder: what a model is, what it learned from, how to use it."""

import json
from collections.abc import Iterator
from functools import partial

from chargen.checkpoint import Checkpoint
from chargen.config import SamplingConfig
from chargen.generation.batching import Request, stream_text
from chargen.generation.decoder import Decoder
from chargen.generation.generate import Generator
from chargen.generation.log_probs import bits
from chargen.generation.weights import DecoderWeights
from chargen.text.characters import enumerate_some
from chargen.text.controls import escape_controls, escape_line
from chargen.wording import about, count, duration

_SAMPLE = 400  # characters
_SHOWN = (  # of the settings of the training
    *("minutes", "epochs", "batch_size", "seq_length", "learning_rate", "optimizer"),
    *("initial_weights", "weight_decay", "weight_dropout", "dropout_schedule", "precision"),
    *("validation", "validation_fraction", "seed"),
)


def model_card(
    checkpoint: Checkpoint, name: str, *, license: str | None, language: str | None
) -> str:
    """Return a model card: a header of YAML, then Markdown.

    Args:
        checkpoint: the model.
        name: of the model.
        license: as hubs abbreviate it.
        language: of the text, a code of ISO 639.
    """
    parts = [
        "\n".join(_header(checkpoint, name, license=license, language=language)),
        f"# {_plain(name)}",
        "A small character-level language model: it continues a text in the style of the one that "
        "it learned from, one character at a time. It was made with chargen.",
        "## What it is",
        "\n".join(f"- {line}" for line in _facts(checkpoint)),
        "## What it writes",
        "With temperature 0.8 and seed 1, without a prompt:",
        _sample(checkpoint),
        "## Intended use and limits",
        "It is for play, teaching and experiments. It has no plan and knows no facts; what it "
        "writes only sounds like its text, and may hold passages of that text word for word "
        "(`chargen sample --report-copies TEXT` finds them). It carries whatever opinions and "
        "errors its text has. Whether its output may be published depends on the rights in that "
        "text.",
        "## How to use it",
        "Download this folder, and install chargen. Then:",
        "```console\n" + "\n".join(_commands(checkpoint)) + "\n```",
        "From Python:",
        "```python\nimport chargen\n\n"
        f'model = chargen.load("FOLDER")\nprint(model.generate({_arguments(checkpoint)}))\n```',
        "`config.json` holds test vectors: `chargen verify FOLDER` computes them again and says "
        "how far they differ.",
    ]
    return "\n\n".join(parts) + "\n"


def _header(
    checkpoint: Checkpoint, name: str, *, license: str | None, language: str | None
) -> Iterator[str]:
    """Yield the lines of the YAML header, whose values are written as JSON, which YAML reads."""
    origin = checkpoint.origin
    yield "---"
    yield "library_name: chargen"
    yield "pipeline_tag: text-generation"
    yield f"license: {_quoted(license or 'unknown')}"
    if language is not None:
        yield f"language: {_quoted(language)}"
    yield f"tags: {json.dumps(['chargen', 'character-level', checkpoint.config.cell])}"
    if origin.carried is not None:
        corpus = _quoted(origin.corpus or "unknown")
        yield "model-index:"
        yield f"  - name: {_quoted(name)}"
        yield "    results:"
        yield "      - task: {type: text-generation}"
        yield f"        dataset: {{name: {corpus}, type: {corpus}, split: held-out}}"
        yield "        metrics:"
        for title, loss in _losses(checkpoint).items():
            yield f"          - {{type: loss, name: {_quoted(title)}, value: {loss:.4f}}}"
            value = f"{bits(loss):.4f}"
            shown = _quoted(title.replace("nats", "bits"))
            yield f"          - {{type: bits_per_character, name: {shown}, value: {value}}}"
    yield "---"


def _losses(checkpoint: Checkpoint) -> dict[str, float]:
    origin = checkpoint.origin
    losses = {
        "held-out loss, carried (nats per character)": origin.carried,
        "held-out loss, windowed (nats per character)": origin.windowed,
    }
    return {title: loss for title, loss in losses.items() if loss is not None}


def _facts(checkpoint: Checkpoint) -> Iterator[str]:
    config, origin, tokenizer = checkpoint.config, checkpoint.origin, checkpoint.tokenizer
    size = sum(array.size for array in checkpoint.weights.values())
    yield f"**Network**: {config.describe()}; {count(size, 'weight')}, {about(4 * size / 1e6)} MB"
    documents = f" in {count(origin.documents, 'document')}" if origin.documents else ""
    length = f", {count(origin.characters, 'character')}" if origin.characters else ""
    yield f"**Text**: {_code(origin.corpus or 'unknown')}{length}{documents}"
    yield f"**Vocabulary**: {count(config.vocab_size, 'character')}"
    if checkpoint.labels:
        names = [_code(name) for name in checkpoint.labels]
        yield f"**Labels**: {enumerate_some(names, max_names=20)}"
    if tokenizer.separator is not None:
        yield f"**Documents**: separated by {_code(tokenizer.separator)}"
    done = {k: v for k, v in tokenizer.preparation.to_json().items() if v not in (None, False)}
    yield f"**Prepared**: {', '.join(f'{name} {value}' for name, value in done.items())}"
    for title, loss in _losses(checkpoint).items():
        yield f"**{title[0].upper()}{title[1:].partition(' (')[0]}**: {loss:.4f} nats = " + (
            f"{bits(loss):.4f} bits per character"
        )
    if origin.carried is not None:
        yield f"**Held out**: {_split(checkpoint)}"
    settings = {name: origin.training.get(name) for name in _SHOWN}
    told = [f"{name} {_plain(str(value))}" for name, value in settings.items() if value is not None]
    if told:
        yield f"**Settings**: {', '.join(told)}, dropout {config.dropout:g}"
    if origin.step is not None:
        time = f" in {duration(origin.seconds)}" if origin.seconds is not None else ""
        base = f", from {_code(origin.base)}" if origin.base is not None else ""
        yield f"**Trained**: {count(origin.step, 'step')}{time}{base}"
    software = [f"chargen {origin.version}"] if origin.version is not None else []
    software += [f"{name} {version}" for name, version in origin.software.items()]
    if software:
        yield f"**Made with**: {', '.join(map(_plain, software))}"


def _split(checkpoint: Checkpoint) -> str:
    """Return what was held out, in words."""
    training = checkpoint.origin.training
    fraction, which = training.get("validation_fraction"), training.get("validation", "end")
    share = f"{fraction:.0%} of the text" if isinstance(fraction, float) else "a part of the text"
    of = "documents of" if checkpoint.origin.documents else "stretches from all over"
    ways = {"spread": f"{share}: {of} it, drawn by the seed", "end": f"{share}, its end"}
    return ways.get(str(which), f"another text, {_code(str(which))}")


def _sample(checkpoint: Checkpoint) -> str:
    """Return a text of the model as a Markdown block, whatever is in it."""
    config = SamplingConfig(length=_SAMPLE, seed=1)
    generator = Generator(checkpoint.tokenizer, config)
    make_decoder = partial(Decoder, DecoderWeights(checkpoint))
    pieces = stream_text(checkpoint, make_decoder, generator, Request("", 0))
    text = escape_controls(checkpoint.tokenizer.show("".join(pieces)))
    return "\n".join(f"    {line}" for line in text.split("\n"))


def _commands(checkpoint: Checkpoint) -> Iterator[str]:
    label = " --label LABEL" if checkpoint.labels else ""
    yield f"chargen sample -m FOLDER --temperature 0.8{label}"
    yield "chargen chat -m FOLDER"


def _arguments(checkpoint: Checkpoint) -> str:
    label = ', label="LABEL"' if checkpoint.labels else ""
    return f"temperature=0.8{label}"


def _quoted(text: str) -> str:
    """Return a text as a value of YAML."""
    return json.dumps(escape_line(text), ensure_ascii=False)


def _code(text: str) -> str:
    """Return a text as code in a line of Markdown."""
    return f"`{_plain(text)}`"


def _plain(text: str) -> str:
    return escape_line(text).replace("`", "'").replace("<", "‹")
