"""Sends requests: in the pace and the budget that are set, again where that may help.

A run of failures ends the sending with an error that says what is wrong: a server that is down, or
a request that it never takes, is not asked thousands of times.
"""

from __future__ import annotations

import random
import threading
import time
from typing import Any, NoReturn

from dataqa.errors import DataqaError, InputError, RunError
from dataqa.llm.asking import count, most_tokens
from dataqa.llm.budget import LONGEST_TOKEN, Cost, Ledger, cost_of
from dataqa.llm.endpoint import KEY, Endpoint
from dataqa.llm.http import FREE, PASSING, Answer, Connection

FIRST, _LONGEST = 0.5, 60.0
"""Seconds: before the second try, and at most before any."""
_PATIENCE = 600.0
"""Seconds that a server may ask to wait."""
_SILENT = 8
_REFUSING = 50
"""So many failures in a row, beside two for each worker, are a server that does not work."""
_WHY = {
    "connect": "cannot be reached",
    "timeout": "does not answer in time",
    "dropped": "drops the connection",
    "unreadable": "answers what is no JSON of the protocol",
    "busy": "is too busy",
    "server": "fails",
    "refused": "refuses every request",
}
_HINTS = {
    "connect": "see that the server runs and the port is right",
    "timeout": "a longer timeout, or less concurrency",
    "busy": "fewer requests per minute, or less concurrency",
    "refused": "see whether the model's context is too short, or max_tokens too large",
}


class OverBudgetError(Exception):
    """There is not enough left for one more attempt."""


class Pace:
    """Spreads requests so that no minute has more of them, or of tokens, than is allowed."""

    def __init__(self, requests: int, tokens: int) -> None:
        self._seconds = (60 / requests if requests else 0.0, 60 / tokens if tokens else 0.0)
        self._free = 0.0
        self._lock = threading.Lock()

    def turn(self, tokens: int, now: float) -> float:
        """Take a turn; the seconds until it comes."""
        each, per_token = self._seconds
        with self._lock:
            begin = max(self._free, now)
            self._free = begin + max(each, tokens * per_token)
        return begin - now


class Sender:
    """What all workers send through."""

    def __init__(self, connection: Connection, endpoint: Endpoint, ledger: Ledger) -> None:
        self._connection, self._endpoint, self.ledger = connection, endpoint, ledger
        self._pace = Pace(endpoint.requests_per_minute, endpoint.tokens_per_minute)
        self._in_a_row = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._error: DataqaError = RunError("the client is closed", where=endpoint.base)

    def stop(self, error: DataqaError | None = None) -> None:
        """Send nothing more; every worker that wants to ends with the first error."""
        with self._lock:
            if error and not self._stopped.is_set():
                self._error = error
            self._stopped.set()

    def send(
        self, path: str, body: dict[str, Any], out: int, *, retries: int | None = None
    ) -> tuple[Answer, int]:
        """Send a body until it is answered, and how many attempts that took.

        Args:
            path: Below the endpoint's base.
            body: Without the model, which is added.
            out: Tokens of the reply at most.
            retries: In place of the endpoint's.

        Raises:
            OverBudgetError: There is not enough left for the next attempt, which is not made.
            RunError: The endpoint does not work.
            InputError: It does not take the key, or does not have the model.
        """
        body = {"model": self._endpoint.model, **body}
        most_in = most_tokens(body)
        tries = 1 + (self._endpoint.retries if retries is None else retries)
        for number in range(tries):
            answer = self._attempt(path, body, most_in, out)
            self._look(answer)
            if answer.failure not in PASSING or number == tries - 1:
                return answer, number + 1
            self._sleep(_seconds(answer, number))
        raise AssertionError

    def _attempt(self, path: str, body: dict[str, Any], most_in: int, out: int) -> Answer:
        most = cost_of(self._endpoint, most_in, out)
        if not self.ledger.reserve(most):
            raise OverBudgetError
        cost = most
        try:
            self._sleep(self._pace.turn(most_in // 4 + out, time.monotonic()))
            if self._stopped.is_set():
                cost = Cost()
                raise self._error
            answer = self._connection.post(path, body)
            cost = self._cost(answer, most, most_in)
        finally:
            self.ledger.settle(most, cost)
        return answer

    def _cost(self, answer: Answer, most: Cost, most_in: int) -> Cost:
        """What the server says that it took; of what was sent at least what it must have taken."""
        if answer.failure in FREE:
            return Cost(requests=1)
        usage = answer.body.get("usage")
        counts = usage if isinstance(usage, dict) else {}
        told = (count(counts.get("prompt_tokens")), count(counts.get("completion_tokens")))
        if answer.failure or told[0] is None or told[1] is None:
            return most
        return cost_of(self._endpoint, max(told[0], most_in // LONGEST_TOKEN), told[1])

    def _look(self, answer: Answer) -> None:
        """Notice failures that further requests would only repeat."""
        where = self._endpoint.base
        if answer.failure == "key":
            hint = f"--key env:NAME or file:PATH, or {KEY}"
            what = f"the key is not taken (HTTP {answer.status})"
            self._end(InputError(what, where=where, hint=hint))
        with self._lock:
            self._in_a_row = self._in_a_row + 1 if answer.failure else 0
            most = 2 * self._endpoint.concurrency + (
                _SILENT if answer.failure in PASSING else _REFUSING
            )
            over = self._in_a_row > most
        if over:
            self._end(failing(answer, where, f"{most + 1} times in a row"))

    def _end(self, error: DataqaError) -> NoReturn:
        self.stop(error)
        raise self._error

    def _sleep(self, seconds: float) -> None:
        if seconds > _PATIENCE:
            what = f"the endpoint asks to wait {seconds:,.0f} seconds"
            hint = "run again then: replies that came are kept"
            self._end(RunError(what, where=self._endpoint.base, hint=hint))
        if seconds > 0:
            self._stopped.wait(seconds)


def failing(answer: Answer, where: str, times: str) -> RunError:
    """The error of an endpoint that does not work."""
    status = f" (HTTP {answer.status}{f', {answer.code}' if answer.code else ''})"
    what = f"the endpoint {_WHY.get(answer.failure, 'fails')}{status if answer.status else ''}"
    hint = _HINTS.get(answer.failure, "look into the server's log")
    return RunError(f"{what}, {times}", where=where, hint=f"{hint}; replies that came are kept")


def _seconds(answer: Answer, number: int) -> float:
    """How long to wait before the next attempt: as asked, else twice as long each time.

    Between a half and all of it, by chance, so that workers do not come back all at once.
    """
    longest = min(_LONGEST, FIRST * 2**number)
    drawn = longest * random.uniform(0.5, 1.0)  # noqa: S311 - no result depends on it
    return drawn if answer.wait is None else answer.wait + drawn / 10
