"""What the units of a network do while it reads a text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargen.checkpoint import Checkpoint
from chargen.config.arguments import check_arguments
from chargen.errors import CorpusError
from chargen.generation.blas import held
from chargen.generation.clamps import check_unit
from chargen.generation.decoder import MakeDecoder
from chargen.generation.initial_state import initial_state
from chargen.generation.log_probs import Progress, no_progress
from chargen.generation.state import Floats
from chargen.text.vocabulary import BOUNDARY
from chargen.wording import count

_BLOCK = 512  # characters whose activations are given at a time
_MAX_NUMBERS = 1 << 28  # that are kept of one text, 1 GB
_SHOWN = 3  # units that a picture has where none are named
_SCALE = 127  # of an activation as int8


@dataclass(frozen=True, eq=False)
class Activations:
    """The output h of every recurrent unit after each character of a text, from -1 to 1.

    In a notebook it shows the units that vary most, as colours over the text; `picture` shows
    others.

    Args:
        text: as the network read it, with a NUL for the end of each document that another follows.
        layers: of each layer, shape [len(text), units], float32.
    """

    text: str
    layers: tuple[Floats, ...]

    @property
    def units(self) -> tuple[int, ...]:
        """Return the width of each layer."""
        return tuple(layer.shape[1] for layer in self.layers)

    @check_arguments
    def unit(self, layer: int, unit: int) -> Floats:
        """Return one unit over the text, shape [len(text)].

        Args:
            layer: counted from 0, the one nearest the input.
            unit: of that layer, counted from 0.

        Raises:
            SettingError: if there is no such unit.
        """
        check_unit(self.units, layer, unit)
        return self.layers[layer][:, unit]

    @check_arguments
    def to_int8(self, layer: int, units: Sequence[int] | None = None) -> NDArray[np.int8]:
        """Return units of a layer as round(127 · h), shape [len(text), units], row by row.

        Args:
            layer: counted from 0.
            units: which, in this order; None for all.

        Raises:
            SettingError: if there is no such layer or unit.
        """
        check_unit(self.units, layer)
        for unit in units or ():
            check_unit(self.units, layer, unit)
        h = self.layers[layer]
        chosen = h if units is None else h[:, np.asarray(units, np.intp)]
        return np.rint(_SCALE * chosen).astype(np.int8, order="C")

    @check_arguments
    def most_varied(self, top: int = _SHOWN, *, layer: int | None = None) -> list[tuple[int, int]]:
        """Return the units with the greatest standard deviation over the text, greatest first.

        Args:
            top: how many; all, if there are fewer.
            layer: of which; None for all layers.

        Returns:
            Each unit as its layer and its number there.
        """
        if layer is not None:
            check_unit(self.units, layer)
        found = [
            (-float(deviation), number, unit)
            for number, deviations in enumerate(self._deviations)
            if layer in (None, number)
            for unit, deviation in enumerate(deviations)
        ]
        return [(number, unit) for _, number, unit in sorted(found)[:top]]

    @cached_property
    def _deviations(self) -> tuple[Floats, ...]:
        return tuple(layer.std(axis=0) for layer in self.layers)

    def picture(self, *units: tuple[int, int]) -> "Picture":
        """Return a picture of units over the text, which a notebook shows.

        Args:
            units: each as its layer and its number there; those that vary most where none are
                named.

        Raises:
            SettingError: if there is no such unit.
        """
        for layer, unit in units:
            check_unit(self.units, layer, unit)
        return Picture(self, units or tuple(self.most_varied()))

    def to_html(self, *, model: str | None = None, source: str | None = None) -> str:
        """Return a page that stands alone, of `picture` without units; see `Picture.to_html`."""
        return self.picture().to_html(model=model, source=source)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return self.picture()._repr_html_()

    def __repr__(self) -> str:
        units = " + ".join(f"{width:,}" for width in self.units)
        return f"Activations({count(len(self.text), 'character')}, {units} units)"


@dataclass(frozen=True, eq=False)
class Picture:
    """Units as colours over a text, for a notebook or as a page."""

    activations: Activations
    units: tuple[tuple[int, int], ...]  # each as its layer and its number there

    @property
    def rows(self) -> Iterator[tuple[str, Floats]]:
        """Yield the name of each unit, and its activation at each character."""
        for layer, unit in self.units:
            yield f"layer {layer}, unit {unit}", self.activations.unit(layer, unit)

    def to_html(self, *, model: str | None = None, source: str | None = None) -> str:
        """Return a page that stands alone.

        Args:
            model: the name of the model, which the page shows.
            source: the name of the text, likewise.
        """
        from chargen.pages.activations import page

        return page(self.activations.text, self.rows, model=model, source=source)

    def to_svg(self) -> str:
        """Return an SVG file, for a page or a paper; of a long text, its first 5,000 characters."""
        from chargen.pages.heat_map import HeatMap, rows_of

        named = [(name, rows_of(self.activations.text, values)) for name, values in self.rows]
        title, rows = f"{named[0][0]} over a text", named[0][1]
        if len(named) > 1:
            title = "Units over a text"
            rows = [row for name, rows in named for row in ((name, ()), *rows, ("", ()))][:-1]
        return HeatMap(title, rows).to_svg()

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from chargen.pages.activations import fragment

        return fragment(self.activations.text, self.rows)

    def __repr__(self) -> str:
        return f"Picture({', '.join(name for name, _ in self.rows)})"


def activations(
    checkpoint: Checkpoint,
    make_decoder: MakeDecoder,
    text: str,
    *,
    label: str | None = None,
    progress: Progress = no_progress,
) -> Activations:
    """Read a text as generation reads a prompt, and keep what every unit did.

    Args:
        checkpoint: the network.
        make_decoder: gives decoders of the network.
        text: prepared, at least one character.
        label: the text's, if the network has labels.
        progress: told how many characters were read.

    Raises:
        CorpusError: if the text is empty, or so long that its activations would not fit in 1 GB.
        SettingError: if the network has no such label, or needs one.
        UnknownCharacterError: if the text has characters that the network never saw.
    """
    text, units = as_read(text), checkpoint.config.units
    most = _MAX_NUMBERS // sum(units)
    if len(text) > most:
        raise CorpusError(
            f"The text has {len(text):,} characters; of this network, with {sum(units):,} units, "
            f"the activations of at most {most:,} can be kept. Give a part of the text."
        )
    kept = tuple(np.empty((len(text), width), np.float32) for width in units)
    place = 0
    for block in read_activations(checkpoint, make_decoder, text, label=label, progress=progress):
        for all_of_it, part in zip(kept, block, strict=True):
            all_of_it[place : place + len(part)] = part
        place += len(block[0])
    return Activations(text, kept)


def read_activations(
    checkpoint: Checkpoint,
    make_decoder: MakeDecoder,
    text: str,
    *,
    label: str | None = None,
    progress: Progress = no_progress,
) -> Iterator[tuple[Floats, ...]]:
    """Yield the activations of a text in blocks, so that a long one takes little memory.

    Args and errors as for `activations`, but for the limit on the length.

    Yields:
        For each layer, h after each of at most 512 characters, shape [n, units], good until the
        next block.
    """
    text = as_read(text)
    tokenizer = checkpoint.tokenizer
    ids = tokenizer.encode_beginning(text)
    decoder = make_decoder(initial_state(checkpoint, label))
    if len(ids) > len(text):  # the boundary before a document
        decoder.step(ids[:1])
        ids = ids[1:]
    block = tuple(np.empty((_BLOCK, width), np.float32) for width in checkpoint.config.units)
    for first in range(0, len(ids), _BLOCK):
        part = ids[first : first + _BLOCK]
        with held():
            for place in range(len(part)):
                decoder.step(part[place : place + 1])
                for kept, (h, *_) in zip(block, decoder.state.layers, strict=True):
                    kept[place] = h[0]
        progress(len(part))
        yield tuple(kept[: len(part)] for kept in block)


def as_read(text: str) -> str:
    """Return a prepared text without the boundary before it, which no activation is of.

    Raises:
        CorpusError: if nothing is left.
    """
    text = text.removeprefix(BOUNDARY)
    if not text:
        raise CorpusError("The text is empty; give at least one character to look at.")
    return text


def to_json(found: Activations, units: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Return some units over a text as plain values, with four decimals."""
    return {
        "text": found.text,
        "units": [
            {"layer": layer, "unit": unit, "values": found.unit(layer, unit).round(4).tolist()}
            for layer, unit in units
        ],
    }
