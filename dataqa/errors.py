"""Two kinds of failure: fix your input, or run again.

Every message says what is wrong, where it is, and one hint; see ``InputError``. Messages never
carry document text: a corpus may be private.
"""

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 20
"""Names that a hint lists before it only counts the others."""


class DataqaError(Exception):
    """What every error of this package is; ``exit_code`` is what the command line returns."""

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        """Join the three parts into one message.

        >>> print(DataqaError("no such column", where="a.csv", hint="columns: id, body"))
        a.csv: no such column
        Hint: columns: id, body
        """
        super().__init__(what, where, hint)
        self.what, self.where, self.hint = what, where, hint

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\nHint: {self.hint}" if self.hint else head

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the keyword parts when a worker process hands the error to its driver."""
        return _rebuild, (type(self), self.what, self.where, self.hint)


class InputError(DataqaError):
    """The user's mistake: a wrong name, file or setting. Running again will not help."""

    exit_code = 2


class RunError(DataqaError):
    """A run that stopped; what it finished is kept, and running again continues."""


class BoundError(DataqaError):
    """A bound that the user set on the whole run (``max_drop``, drift) was passed."""

    exit_code = 3


def _rebuild(kind: type[DataqaError], what: str, where: str, hint: str) -> DataqaError:
    return kind(what, where=where, hint=hint)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for an unknown word: the nearest known ones, else all of them.

    >>> did_you_mean("languag", ["language", "exact"])
    'did you mean language?'
    >>> did_you_mean("zzz", ["language", "exact"])
    'known: exact, language'
    """
    names = sorted(set(known))
    close = get_close_matches(word, names, n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(close)}?"
    shown = ", ".join(names[:_SHOWN])
    return f"known: {shown}" + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
