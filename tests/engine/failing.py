"""A step for tests that raises, quoting the text, on documents that hold a word."""

from __future__ import annotations

import msgspec

from dataqa.types import TEXT, Assets, Batch, Opened


class Fails(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Raise on every text with ``word`` in it."""

    word: str = "poison"

    def open(self, assets: Assets) -> Opened:
        """The function that raises."""

        def run(batch: Batch) -> Batch:
            for text in batch.docs[TEXT]:
                if text is not None and self.word in text:
                    raise ValueError(f"cannot bear {text}")
            return batch

        return run
