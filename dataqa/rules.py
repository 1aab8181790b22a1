"""Rules are data: a signal, a bound, an action, a citation, and examples that prove it."""

from __future__ import annotations

from typing import NamedTuple

from dataqa.types import Action


class Rule(NamedTuple):
    """One bound over one signal, ready to evaluate; ``dataqa.policy`` does so for a whole stage.

    A number trips below ``min`` or above ``max``; a String signal trips when it is not in
    ``one_of`` or is in ``none_of``. A value within ``doubt`` of its bound, on either side, asks for
    review in place of ``action``. With ``languages`` it holds only where the signal ``language`` is
    one of them. A signal that could not be measured (null) asks for ``missing``.
    """

    pack: str
    name: str
    signal: str
    min: float | None = None
    max: float | None = None
    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    action: Action = Action.DROP
    doubt: float = 0.0
    languages: tuple[str, ...] = ()
    cite: str = ""
    missing: Action = Action.REVIEW

    @property
    def key(self) -> str:
        """What bounds are named after: ``gopher.word_count`` (``.min``, ``.max``, ``.doubt``)."""
        return f"{self.pack}.{self.name}"
