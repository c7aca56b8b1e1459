"""Deal the rows of a batch to those who share them."""

from chargen.errors import SettingError
from chargen.wording import count


def check_even(batch_size: int, among: int, what: str) -> None:
    """Raise SettingError if a batch's rows cannot be dealt evenly to so many of `what`."""
    if batch_size % among:
        below = batch_size - batch_size % among
        fitting = f"{below} or {below + among}" if below else f"{among}"
        raise SettingError(
            f"batch_size {batch_size} cannot be dealt evenly to {count(among, what)}; choose a "
            f"multiple, such as {fitting}.",
            setting="batch_size",
        )
