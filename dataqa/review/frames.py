"""The review from Python: ``dataqa.review.push``, ``pull``, ``apply``, and ``dataqa.prelabel``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from dataqa.engine.finish import Result
from dataqa.errors import InputError, did_you_mean
from dataqa.review import reviews
from dataqa.review.asking.flows import Flow, load_flow
from dataqa.review.asking.items import Choice
from dataqa.review.deciding.verdicts import Rule
from dataqa.review.ledger import FILE, FOLDER
from dataqa.review.reviews import Server, reviewing
from dataqa.review.server import pulling, pushing
from dataqa.review.server.pulling import Pulled
from dataqa.review.server.pushing import How, Pushed


def push(
    source: str | Path,
    flow: str = "quality",
    *,
    items: int | None = 500,
    language: str = "en",
    url: str = "",
    key: str = "",
    choice: Choice | None = None,
    how: How | None = None,
) -> Pushed:
    """Choose items of a run's folder or a file of records and send them, each once.

    Args:
        source: The folder or the file.
        flow: What is asked: a flow's name or folder.
        items: At most so many; None for all.
        language: Of page and instruction.
        url: Label Studio's address; by default ``LABEL_STUDIO_URL``, else the local server.
        key: ``env:NAME`` or ``file:PATH`` of the access token.
        choice: What else is chosen, in place of ``items``.
        how: How it is sent.

    Raises:
        InputError: There is no such run, flow or server, or no key.
        UnansweredError: The server does not answer; call again to go on.
    """
    with (
        reviewing(Path(source), flow, language, new=True) as (ledger, asked),
        reviews.server(Server(url, key)) as studio,
    ):
        reviews.add_items(ledger, asked, Path(source), choice or Choice(items=items))
        return pushing.push(ledger, asked, studio, how)


def pull(
    source: str | Path, flow: str = "quality", *, url: str = "", key: str = "", full: bool = False
) -> Pulled:
    """Bring what people said since the last time; see ``push`` for the arguments.

    Raises:
        InputError: Nothing was pushed from there, or there is no server or key.
        UnansweredError: The server does not answer; call again to go on.
    """
    with (
        reviewing(Path(source), flow) as (ledger, asked),
        reviews.server(Server(url, key)) as studio,
    ):
        return pulling.pull(ledger, asked, studio, full=full)


def apply(
    run: str | Path, out: str | Path, *, flows: Sequence[str] = (), agree: Rule = "majority"
) -> Result:
    """Make the run that people's verdicts lead to, in another folder.

    Args:
        run: The run that was asked about.
        out: The new run's folder.
        flows: Whose verdicts; by default all that there are.
        agree: What counts where people do not agree.

    Raises:
        InputError: There are no verdicts.
    """
    names = flows or sorted(one.parent.name for one in Path(run).glob(f"{FOLDER}/*/{FILE}"))
    if not names:
        hint = "dataqa.review.push chooses items and sends them"
        raise InputError("nothing was pushed from here", where=str(run), hint=hint)
    with ExitStack() as stack:
        opened = {name: stack.enter_context(reviewing(Path(run), name)) for name in names}
        return reviews.apply(Path(run), Path(out), opened, agree)


def prelabel(
    frame: pl.DataFrame,
    flow: str,
    endpoint: Any,
    *,
    send: str = "scrubbed",
    budget: str = "",
    cache: str | Path | None = None,
) -> pl.DataFrame:
    """Have a language model answer what people would be asked about each row.

    Args:
        frame: With the columns that the flow's page shows, such as ``text``.
        flow: A flow's name or folder.
        endpoint: A ``dataqa.llm.endpoint.Endpoint``.
        send: ``scrubbed``: texts leave with private values masked; ``raw``.
        budget: As ``--budget`` takes it.
        cache: The file of replies; by default the user's own.

    Returns:
        The rows with ``answer`` (JSON, null where there is none), ``probability`` of its verdict
        and ``error``.

    Raises:
        InputError: A column is missing, or the flow cannot be asked so.
        RunError: The endpoint does not work; answers that came are kept.
    """
    from dataqa.llm.budget import parse_budget  # noqa: PLC0415 - only where a model is asked
    from dataqa.llm.client import Client  # noqa: PLC0415
    from dataqa.llm.outgoing import preparing  # noqa: PLC0415
    from dataqa.registry import user_assets  # noqa: PLC0415
    from dataqa.review.asking.prelabel import answers  # noqa: PLC0415

    asked = load_flow(flow)
    datas = _datas(frame, asked)
    prepare = preparing("raw" if send == "raw" else "scrubbed", user_assets())
    path = None if cache is None else Path(cache)
    with Client(endpoint, cache=path, budget=parse_budget(budget)) as client:
        told = list(answers(asked, client, datas, prepare))
    rows = [(None if a is None else msgspec.json.encode(a).decode(), p, e) for a, p, e in told]
    schema = {"answer": pl.String, "probability": pl.Float64, "error": pl.String}
    return frame.hstack(pl.DataFrame(rows, schema, orient="row"))


def _datas(frame: pl.DataFrame, flow: Flow) -> list[dict[str, Any]]:
    from dataqa.review.asking.prelabel import asked_variables  # noqa: PLC0415

    wanted = asked_variables(flow)
    for name in wanted:
        if name not in frame.columns:
            hint = did_you_mean(name, frame.columns)
            raise InputError(f"the frame has no column {name!r}", where=flow.name, hint=hint)
    return list(frame.select(wanted).iter_rows(named=True))
