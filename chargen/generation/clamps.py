"""Units of a network that are held at a value, to see what depends on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from chargen.config.base import check, is_integer
from chargen.errors import SettingError
from chargen.generation.state import Floats


@dataclass(frozen=True)
class Clamp:
    """A unit whose output, h, is set to a value after every step.

    The layers above, the dense layer and the next step see that value. The cell state c of an LSTM
    is left alone.

    Args:
        layer: counted from 0, the one nearest the input.
        unit: of that layer, counted from 0.
        value: from -1 to 1, which is as far as h goes; 0 silences the unit.

    Raises:
        SettingError: if one is outside these limits.
    """

    layer: int
    unit: int
    value: float = 0.0

    def __post_init__(self) -> None:
        for name in ("layer", "unit"):
            number = getattr(self, name)
            check(name, number, is_integer(number, 0), "a whole number from 0")
        is_number = isinstance(self.value, Real) and not isinstance(self.value, bool)
        fits = is_number and -1 <= self.value <= 1
        check("value", self.value, fits, "a number from -1 to 1")


def check_unit(units: Sequence[int], layer: int, unit: int | None = None) -> None:
    """Check that a network has a layer and, if one is given, a unit in it.

    Args:
        units: the width of each layer.
        layer: counted from 0.
        unit: counted from 0.

    Raises:
        SettingError: naming the limit.
    """
    last = len(units) - 1
    fits = is_integer(layer, 0) and layer <= last
    check("layer", layer, fits, f"a whole number from 0 to {last}" if last else "0, the only one")
    if unit is not None:
        last = units[layer] - 1
        fits = is_integer(unit, 0) and unit <= last
        check("unit", unit, fits, f"a whole number from 0 to {last:,} (in layer {layer})")


@dataclass(frozen=True, eq=False)
class ClampedUnits:
    """The clamps of one layer."""

    units: NDArray[np.intp]  # [clamps]
    values: Floats  # [clamps]

    def apply(self, h: Floats) -> None:
        """Set the units in h, [batch_size, units], in place."""
        h[:, self.units] = self.values


def by_layer(clamps: Sequence[Clamp], units: Sequence[int]) -> tuple[ClampedUnits | None, ...]:
    """Return the clamps of each layer of a network; None for a layer without.

    Args:
        clamps: of any layers, in any order.
        units: the width of each layer.

    Raises:
        SettingError: if the network has no such layer or unit, or one is clamped twice.
    """
    found: list[dict[int, float]] = [{} for _ in units]
    for clamp in clamps:
        check_unit(units, clamp.layer, clamp.unit)
        if clamp.unit in found[clamp.layer]:
            raise SettingError(
                f"Unit {clamp.unit:,} of layer {clamp.layer} is clamped twice; give one value."
            )
        found[clamp.layer][clamp.unit] = clamp.value
    return tuple(
        ClampedUnits(np.array([*each], np.intp), np.array([*each.values()], np.float32))
        if each
        else None
        for each in found
    )
