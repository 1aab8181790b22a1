"""Steps for tests: one raises, quoting the text, one kills its process, one needs a GPU."""

from __future__ import annotations

import os
import signal
from importlib import import_module
from pathlib import Path
from typing import ClassVar

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


class Kills(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Kill this process, once for each file in ``folder``, which is deleted first."""

    folder: str = ""
    word: str = ""

    def open(self, assets: Assets) -> Opened:
        """The function that kills."""

        def run(batch: Batch) -> Batch:
            mine = any(self.word in text for text in batch.docs[TEXT])
            for path in sorted(Path(self.folder).iterdir()) if mine else ():
                try:
                    path.unlink()
                except FileNotFoundError:
                    continue
                os.kill(os.getpid(), signal.SIGKILL)
            return batch

        return run


class NeedsGpu(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Raise where a cluster gave no GPU."""

    resources: ClassVar[dict[str, float]] = {"num_gpus": 0.5}

    def open(self, assets: Assets) -> Opened:
        """The function that looks."""

        def run(batch: Batch) -> Batch:
            if batch.docs.height and not import_module("ray").get_gpu_ids():
                raise ValueError("no GPU")
            return batch

        return run
