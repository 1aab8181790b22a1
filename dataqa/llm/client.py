"""Asks questions of a model: what is kept is not asked again, what comes back is checked.

Replies come in the order of the questions, whatever the number of workers.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from dataqa.errors import DataqaError, InputError
from dataqa.llm.answering import Asker
from dataqa.llm.asking import Abilities, likely_tokens, most_tokens, request
from dataqa.llm.budget import Budget, Cost, Ledger, Shared, cost_of
from dataqa.llm.cache import Cache, default_path
from dataqa.llm.endpoint import Endpoint
from dataqa.llm.http import Connection
from dataqa.llm.probing import probe
from dataqa.llm.question import FINAL, Question, Reply, decoded, encoded, key_of
from dataqa.llm.sending import OverBudgetError, Sender

_AHEAD = 4
"""Questions that wait for each worker: enough to keep it busy, few enough for the memory."""


class Foreseen(NamedTuple):
    """What asking some questions would take.

    Attributes:
        questions: How many there are.
        cached: So many of them are kept already, or asked twice.
        likely: What the others will about cost: a token for every four bytes, full replies.
        most: What they cost at most, without attempts that fail.
    """

    questions: int
    cached: int
    likely: Cost
    most: Cost


class Client:
    """A model that questions are asked of; use it in a ``with`` block."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        cache: Path | None = None,
        budget: Budget | None = None,
        shared: Shared | None = None,
        offline: bool = False,
    ) -> None:
        """Open the cache; nothing is sent before the first question that is not kept.

        Args:
            endpoint: The model.
            cache: The file of replies; by default the user's own.
            budget: The most that may be spent until the client is closed.
            shared: In place of it: one that others spend too.
            offline: Ask nothing: give what is kept.

        Raises:
            InputError: A key, a package or a price is missing, or the cache cannot be used.
        """
        self.endpoint = endpoint
        bound = shared.budget if shared else budget
        self.ledger = Ledger(bound or Budget(), endpoint, shared)
        self.offline = offline
        connection = None if offline else Connection(endpoint)
        self._cache = Cache(cache or default_path())
        self._connection = connection
        self._sender = Sender(connection, endpoint, self.ledger) if connection else None
        self._asker: Asker | None = None
        self._broken: DataqaError | None = None
        self._first = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop sending, and close what is open."""
        if self._sender and self._connection:
            self._sender.stop()
            self._connection.close()
        self.ledger.close()
        self._cache.close()

    @property
    def spent(self) -> Cost:
        """What this client has spent so far."""
        return self.ledger.spent

    def ask(self, questions: Iterable[Question]) -> Iterator[Reply]:
        """The replies to questions, in order. What the budget does not allow is not asked.

        Raises:
            RunError: The endpoint does not work; replies that came are kept.
            InputError: It does not take the key or has no such model, or a schema is none.
        """
        workers = self.endpoint.concurrency
        running: dict[bytes, Future[Reply]] = {}
        waiting: deque[tuple[bytes, Future[Reply], bool]] = deque()
        pool = ThreadPoolExecutor(workers, thread_name_prefix="dataqa-llm")
        try:
            for question in questions:
                key = key_of(question, self.endpoint)
                again = key in running
                if not again:
                    running[key] = pool.submit(self._reply, key, question)
                waiting.append((key, running[key], again))
                if len(waiting) > _AHEAD * workers:
                    yield _taken(waiting, running)
            while waiting:
                yield _taken(waiting, running)
        except GeneratorExit:
            raise
        except BaseException:
            if self._sender:
                self._sender.stop()  # nobody waits for what is in flight
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def foresee(self, questions: Iterable[Question]) -> Foreseen:
        """What asking some questions would take; nothing is sent.

        The probe of a model that is new to the cache, some ten short requests, comes on top.
        """
        seen: set[bytes] = set()
        count = cached = 0
        likely = most = Cost()
        able = Abilities()
        for question in questions:
            count += 1
            key = key_of(question, self.endpoint)
            if key in seen or self._cache.get(key) is not None:
                cached += 1
                continue
            seen.add(key)
            texts = [message.content for message in question.messages]
            out = question.max_tokens
            likely = likely.plus(cost_of(self.endpoint, likely_tokens(texts), out))
            body = request(question, able, "json_schema", out)[1]
            most = most.plus(cost_of(self.endpoint, most_tokens(body), out))
        return Foreseen(count, cached, likely, most)

    def probe(self, *, every: bool = False, anew: bool = False) -> Abilities:
        """What the model does: as it is kept, else found out now and kept.

        Args:
            every: Try every way of asking for an object, not only until one is honoured.
            anew: Also if it is kept.

        Raises:
            InputError: The server has no such model.
            RunError: It does not work.
            OverBudgetError: The budget is too small to find out.
        """
        known = self._cache.probe(self.endpoint.base, self.endpoint.model)
        if known and not anew:
            return msgspec.json.decode(known, type=Abilities)
        if self._sender is None:
            hint = "ask it once with the network"
            raise InputError("nothing is known of this model", where=self.endpoint.base, hint=hint)
        found = probe(self._sender, self.endpoint.base, every=every)
        self._cache.put_probe(self.endpoint.base, self.endpoint.model, msgspec.json.encode(found))
        return found

    def _reply(self, key: bytes, question: Question) -> Reply:
        kept = self._cache.get(key)
        if kept is not None:
            return decoded(kept)
        if self._sender is None:
            return Reply(error="offline")
        try:
            reply = self._opened(self._sender).ask(question)
        except OverBudgetError:
            return Reply(error="budget")
        if reply.error not in FINAL:
            return reply
        data = encoded(reply)
        model = self.endpoint.model
        stored = self._cache.put(key, self.endpoint.base, model, data, failed=bool(reply.error))
        return reply if stored == data else decoded(stored)

    def _opened(self, sender: Sender) -> Asker:
        with self._first:  # one worker finds out what the model does, the others wait for it
            if self._broken:
                raise self._broken
            if self._asker is None:
                try:
                    self._asker = Asker(sender, self.probe())
                except DataqaError as error:
                    self._broken = error
                    raise
            return self._asker


def _taken(
    waiting: deque[tuple[bytes, Future[Reply], bool]], running: dict[bytes, Future[Reply]]
) -> Reply:
    key, future, again = waiting.popleft()
    reply = future.result()
    if all(other != key for other, _, _ in waiting):
        running.pop(key, None)
    return msgspec.structs.replace(reply, cached=True, attempts=0) if again else reply


def replies(client: Client, questions: Sequence[Question]) -> list[Reply]:
    """All replies at once."""
    return list(client.ask(questions))
