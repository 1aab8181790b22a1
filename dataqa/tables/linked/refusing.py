"""What tables that hang together cannot have: an epsilon, or a model of another kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dataqa.errors import InputError

ALONE = "join what is needed into one table of persons, and make that one"


def check_words(words: Mapping[str, object], where: Callable[[str], str]) -> None:
    """See that a mapping of a schema says nothing of epsilon or of a model.

    Args:
        words: The mapping.
        where: From a key to its line.

    Raises:
        InputError: It does.
    """
    for word in ("epsilon", "delta"):
        if word in words:
            raise no_epsilon(where(word))
    if "model" in words:
        raise no_other_model(where("model"))


def no_epsilon(where: str) -> InputError:
    """The error of an epsilon for tables that hang together."""
    return InputError(
        "tables that hang together have no epsilon: how many rows somebody has, and when, is learnt"
        " from all of them, and no noise is added to it",
        where=where,
        hint=f"{ALONE}: dataqa synth table JOINED --epsilon 1 --person ID --rows-each N",
    )


def no_other_model(where: str) -> InputError:
    """The error of a model that cannot learn children given parents."""
    return InputError(
        "tables that hang together are learnt by trees: only they are asked for children of a"
        " parent that is there",
        where=where,
        hint="leave it out; or dataqa synth table for one table by itself",
    )
