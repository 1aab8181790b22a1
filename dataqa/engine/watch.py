"""What a driver tells whoever looks on while it works."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from dataqa.engine.shard import Done, Progress


class StageBegins(NamedTuple):
    """A stage begins: which, of how many, its steps, and the shards that are still to do."""

    number: int
    stages: int
    steps: tuple[str, ...]
    shards: int
    already_done: int
    documents: int | None
    bytes: int | None


class Watch(Protocol):
    """Somebody who looks on; nothing it does changes the run."""

    def note(self, message: str) -> None:
        """One line worth saying."""
        ...

    def stage(self, begins: StageBegins) -> None:
        """A stage begins."""
        ...

    def progress(self, progress: Progress) -> None:
        """A batch is done."""
        ...

    def shard(self, done: Done) -> None:
        """A shard is done."""
        ...


class Silent:
    """Nobody looks on."""

    def note(self, message: str) -> None:
        """Say nothing."""

    def stage(self, begins: StageBegins) -> None:
        """Say nothing."""

    def progress(self, progress: Progress) -> None:
        """Say nothing."""

    def shard(self, done: Done) -> None:
        """Say nothing."""
