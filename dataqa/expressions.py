"""Signals as polars expressions: ``pl.col("text").dataqa.signal("word_count")``.

Importing this module registers the namespace; ``import dataqa`` does so too, before polars or after
it. What measures is imported when it is first asked for.
"""

from __future__ import annotations

from functools import partial

import polars as pl


@pl.api.register_expr_namespace("dataqa")
class DataqaExpressions:
    """What dataqa can measure of a text column."""

    def __init__(self, expression: pl.Expr) -> None:
        self._expression = expression

    def signal(self, name: str) -> pl.Expr:
        """One signal of each text: Float64, or the signal's own type; null stays null.

        Args:
            name: A signal of ``dataqa list signals``, with ``:list`` where one needs a word list.

        Raises:
            InputError: There is no such signal.

        >>> frame = pl.DataFrame({"text": ["two words", None]})
        >>> frame.select(pl.col("text").dataqa.signal("word_count")).to_series().to_list()
        [2, None]
        """
        from dataqa.signals import check_name

        check_name(name)
        kind = _measure(pl.Series([""]), name=name).dtype
        measure = partial(_measure, name=name)
        return self._expression.map_batches(measure, return_dtype=kind, is_elementwise=True)


def _measure(text: pl.Series, *, name: str) -> pl.Series:
    from dataqa.registry import user_assets
    from dataqa.signals import compute
    from dataqa.words import load_words

    assets = user_assets()
    return compute(text, [name], lambda words: load_words(words, assets))[name]
