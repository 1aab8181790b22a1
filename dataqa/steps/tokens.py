"""``tokens``: how many tokens a language model would see in each text."""

from __future__ import annotations

import msgspec

from dataqa.tokenizers import counter
from dataqa.types import TEXT, Assets, Batch, Opened


class Tokens(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Count tokens; the signal is called ``tokens``.

    Attributes:
        tokenizer: ``cl100k``, ``o200k`` or ``qwen``; the extra ``tokens`` brings them.
    """

    tokenizer: str = "cl100k"

    def open(self, assets: Assets) -> Opened:  # noqa: ARG002 - every step is opened alike
        """Load the vocabulary."""
        count = counter(self.tokenizer)

        def add(batch: Batch) -> Batch:
            return batch.with_signals({"tokens": count(batch.docs[TEXT])})

        return add
