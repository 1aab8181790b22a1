"""The one place that talks to Label Studio, through its SDK.

What the SDK or the server would do behind one's back is taken out: no request is repeated by itself
(an import that timed out may still be carried out), pages are asked for until one is short, a
personal access token is refreshed below the path that the server is served from. Facts measured on
Label Studio 1.23.2 with SDK 2.1.2.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from dataqa.errors import InputError, RunError
from dataqa.llm.endpoint import check_url

if TYPE_CHECKING:
    import httpx

KEY = "dataqa_id"
"""The variable of a task that holds the item's key: it can be asked for."""
PAGE = 500
TITLE = (3, 50)
"""Characters of a project's title."""
_ONCE: Any = {"max_retries": 0}
_LIFE = 240.0
"""Seconds after which an access token is renewed; it lives 300."""


class UnansweredError(RunError):
    """The server did not answer: nobody knows whether it did what it was asked."""


class Task(NamedTuple):
    """A task as the server has it.

    Attributes:
        id: Its number.
        key: The item's key, empty if it is not one of ours.
        updated: When it or an annotation of it last changed, ISO 8601.
        annotations: Those of it, as the server tells them.
        predictions: Those of it.
        data: What is shown.
    """

    id: int
    key: str
    updated: str
    annotations: list[dict[str, Any]]
    predictions: list[dict[str, Any]]
    data: dict[str, Any]


class Project(NamedTuple):
    """A project as the server has it."""

    id: int
    title: str
    config: str
    tasks: int
    model_version: str


class Imported(NamedTuple):
    """What the server says it took.

    Attributes:
        tasks: Their numbers, in the order in which they were sent.
        predictions: How many of them it has. Where its data base was busy it tries again, without
            the predictions.
    """

    tasks: list[int]
    predictions: int


class Studio:
    """A connection to a server."""

    def __init__(self, sdk: Any, client: httpx.Client, url: str) -> None:
        self._sdk, self._client, self.url = sdk, client, url

    def user(self) -> str:
        """Who one is there; a first question that tells whether address and key are right."""
        with self._told("whoami"):
            return str(self._sdk.users.whoami(request_options=_ONCE).email)

    def projects(self, mark: str) -> list[int]:
        """The projects whose description has a mark."""
        with self._told("projects.list"):
            found = self._sdk.projects.list(request_options=_ONCE)
            return sorted(int(one.id or 0) for one in found if mark in (one.description or ""))

    def create(self, title: str, description: str, config: str, **settings: Any) -> int:
        """A new project's number."""
        with self._told("projects.create"):
            made = self._sdk.projects.create(
                title=title,
                description=description,
                label_config=config,
                request_options=_ONCE,
                **settings,
            )
            return int(made.id or 0)

    def project(self, number: int) -> Project | None:
        """A project, None if there is none."""
        from label_studio_sdk.core.api_error import ApiError  # noqa: PLC0415 - heavy

        with self._told("projects.get"):
            try:
                one: Any = self._sdk.projects.get(id=number, request_options=_ONCE)
            except ApiError as error:
                if error.status_code == 404:
                    return None
                raise
        return Project(
            int(one.id),
            str(one.title),
            str(one.label_config),
            int(one.task_number or 0),
            str(one.model_version or ""),
        )

    def change(self, number: int, **settings: Any) -> None:
        """Change a project's settings."""
        with self._told("projects.update"):
            self._sdk.projects.update(id=number, request_options=_ONCE, **settings)

    def import_tasks(
        self, project: int, tasks: Sequence[Mapping[str, Any]], timeout: float
    ) -> Imported:
        """Send tasks in one request.

        Raises:
            UnansweredError: Nobody knows whether they are there.
        """
        with self._told("import"):
            answer = self._sdk.projects.import_tasks(
                project,
                request=list(tasks),
                return_task_ids=True,
                request_options={**_ONCE, "timeout": timeout},
            )
        return Imported(
            [int(number) for number in answer.task_ids or []], int(answer.prediction_count or 0)
        )

    def find(self, project: int, keys: Sequence[str]) -> list[Task]:
        """The tasks of some items, several of one item if there are, with what is said of them."""
        if not keys:
            return []
        return list(self._pages(project, _query([_in_list(f"data.{KEY}", "List", list(keys))])))

    def tasks(self, project: int, numbers: Sequence[int]) -> list[Task]:
        """Some tasks by number, with what is said of them."""
        if not numbers:
            return []
        return list(self._pages(project, _query([_in_list("id", "Number", list(numbers))])))

    def texts(self, project: int, numbers: Sequence[int]) -> dict[int, str]:
        """The texts of some tasks."""
        return {task.id: str(task.data.get("text", "")) for task in self.tasks(project, numbers)}

    def changed(self, project: int, since: datetime) -> list[tuple[int, str]]:
        """Number and time of each task that changed at or after a time, the oldest change first.

        Every page begins where the one before ended, by time: a task that changes meanwhile moves
        to the end, and by page numbers another one would slip through.
        """
        found: dict[int, str] = {}
        page, at = 1, moment(since)
        while True:
            told = {"filter": "filter:tasks:updated_at", "operator": "greater_or_equal"}
            query = _query([{**told, "type": "Datetime", "value": at}], ["tasks:updated_at"])
            tasks = self._page(project, page, query, include="id,updated_at")
            found.update((task.id, task.updated) for task in tasks)
            if len(tasks) < PAGE:
                return sorted(found.items(), key=lambda one: (one[1], one[0]))
            # a whole page of one moment: go on by number
            page, at = (page + 1, at) if tasks[-1].updated == at else (1, tasks[-1].updated)

    def latest(self, project: int) -> str:
        """When a task last changed, by the server's clock; empty if there is none."""
        query = _query([], ["-tasks:updated_at"])
        tasks = self._page(project, 1, query, include="id,updated_at", size=1)
        return tasks[0].updated if tasks else ""

    def annotated(self, project: int) -> Iterator[list[Task]]:
        """Pages of all tasks that somebody has annotated or skipped.

        By annotations themselves: the server's counts of them are written after them, and can be
        overwritten by older ones.
        """
        told = {"filter": "filter:tasks:annotations_ids", "operator": "empty"}
        query = _query([{**told, "type": "Number", "value": False}], ["tasks:id"])
        yield from self._paged(project, query)

    def ids(self, project: int) -> set[int]:
        """The numbers of all tasks."""
        return {task.id for task in self._pages(project, _query([]), include="id")}

    def delete_tasks(self, tasks: Sequence[int]) -> None:
        """Delete tasks."""
        for number in tasks:
            with self._told("tasks.delete"):
                self._sdk.tasks.delete(id=str(number), request_options=_ONCE)

    def delete_project(self, number: int) -> None:
        """Delete a project with all that is in it."""
        with self._told("projects.delete"):
            self._sdk.projects.delete(id=number, request_options=_ONCE)

    def import_predictions(
        self, project: int, predictions: Sequence[Mapping[str, Any]], timeout: float
    ) -> None:
        """Send predictions in one request."""
        with self._told("import_predictions"):
            self._sdk.projects.import_predictions(
                project,
                request=list(predictions),
                request_options={**_ONCE, "timeout": timeout},
            )

    def forget_model(self, project: int, version: str) -> None:
        """Delete the predictions of a model version."""
        # the SDK has no word for it
        url = f"{self.url}/api/projects/{project}/model-versions/"
        with self._told("model-versions"):
            answer = self._client.request("DELETE", url, json={"model_version": version})
            if answer.status_code >= 400 and answer.status_code != 404:
                raise RunError(f"answered {answer.status_code}", where=f"{self.url}, predictions")

    def _paged(self, project: int, query: str, include: str | None = None) -> Iterator[list[Task]]:
        page, most = 1, PAGE
        while most == PAGE:
            tasks = self._page(project, page, query, include=include)
            yield tasks
            page, most = page + 1, len(tasks)

    def _page(
        self, project: int, page: int, query: str, *, include: str | None, size: int = 0
    ) -> list[Task]:
        """One page; one after the last, which is an error there, is empty."""
        from label_studio_sdk.core.api_error import ApiError  # noqa: PLC0415 - heavy

        told: dict[str, Any] = {"query": query, "fields": "all", "page_size": size or PAGE}
        if include:
            told["include"] = include
        with self._told("tasks.list"):
            try:
                found = self._sdk.tasks.list(
                    project=project, page=page, **told, request_options=_ONCE
                )
            except ApiError as error:
                if error.status_code == 404 and page > 1:
                    return []
                raise
            return [_task(one) for one in found.items or []]

    def _pages(self, project: int, query: str, *, include: str | None = None) -> Iterator[Task]:
        for tasks in self._paged(project, query, include):
            yield from tasks

    @contextmanager
    def _told(self, what: str) -> Generator[None]:
        """Turn the ways in which a server fails into ours; its words may quote tasks."""
        import httpx  # noqa: PLC0415 - heavy
        from label_studio_sdk.core.api_error import ApiError  # noqa: PLC0415 - heavy

        try:
            yield
        except httpx.ConnectError:
            hint = "is it running? dataqa label-studio up starts one on this machine"
            raise UnansweredError("cannot be reached", where=self.url, hint=hint) from None
        except httpx.HTTPError as error:
            hint = "run again: what is there already is not sent twice"
            told = f"did not answer ({type(error).__name__}, {what})"
            raise UnansweredError(told, where=self.url, hint=hint) from None
        except ApiError as error:
            raise _refused(error.status_code or 0, what, self.url, str(error.body)) from None


def _refused(status: int, what: str, url: str, body: str) -> Exception:
    if status == 401:
        hint = "an access token of the account page, or a legacy token if the organisation allows"
        if "legacy" in body:
            hint = "legacy tokens are switched off there; use a personal access token"
        return InputError("the key is refused", where=url, hint=hint)
    if status == 404:
        return InputError(
            f"there is no such thing ({what})", where=url, hint="is this its address?"
        )
    if status >= 500 or status == 0:
        hint = "run again: what is there already is not sent twice"
        return UnansweredError(f"answered {status} ({what})", where=url, hint=hint)
    return RunError(f"answered {status} ({what})", where=url, hint="the server's log says why")


@contextmanager
def connected(url: str, key: str, *, timeout: float = 60.0) -> Generator[Studio]:
    """Connect to a server.

    Args:
        url: Its address, with the path that it is served from.
        key: A personal access token or a legacy token.
        timeout: Seconds to wait for an answer.

    Raises:
        InputError: The SDK is not installed, or it is no address, or one with a secret in it.
    """
    try:
        import httpx  # noqa: PLC0415 - heavy
        from label_studio_sdk import LabelStudio  # noqa: PLC0415 - heavy
    except ModuleNotFoundError as error:
        hint = "pip install 'dataqa[review]'"
        raise InputError(f"needs the package {error.name}", where="review", hint=hint) from None
    base = url.rstrip("/")
    such = "such as http://127.0.0.1:8080, with the path that it is served from"
    check_url(base, "Label Studio's address", such)
    auth = _auth(base, key)
    with httpx.Client(timeout=timeout, follow_redirects=True, auth=auth) as client:
        yield Studio(LabelStudio(base_url=base, api_key="-", httpx_client=client), client, base)


def _auth(base: str, key: str) -> httpx.Auth:
    import httpx  # noqa: PLC0415 - heavy

    class Token(httpx.Auth):
        """A legacy token as it is; of a personal access token the short-lived one."""

        requires_response_body = True

        def __init__(self) -> None:
            self._access, self._made = "", 0.0

        def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
            if key.count(".") != 2:
                request.headers["Authorization"] = f"Token {key}"
                yield request
                return
            if time.monotonic() - self._made > _LIFE or not self._access:
                renewed = yield httpx.Request(
                    "POST", f"{base}/api/token/refresh/", json={"refresh": key}
                )
                if renewed.status_code != 200:
                    hint = "make a new one on the account page"
                    raise InputError("the access token is refused", where=base, hint=hint)
                self._access = msgspec.json.decode(renewed.content)["access"]
                self._made = time.monotonic()
            request.headers["Authorization"] = f"Bearer {self._access}"
            yield request

    return Token()


def _query(filters: list[dict[str, Any]], ordering: Sequence[str] = ()) -> str:
    told: dict[str, Any] = {"filters": {"conjunction": "and", "items": filters}}
    if ordering:
        told["ordering"] = list(ordering)
    return msgspec.json.encode(told).decode()


def _in_list(column: str, kind: str, values: list[Any]) -> dict[str, Any]:
    told = {"filter": f"filter:tasks:{column}", "operator": "in_list", "type": kind}
    return {**told, "value": values}


def moment(time: datetime) -> str:
    """A time as the server takes it, in UTC; as texts such times are in order.

    >>> moment(datetime.fromisoformat("2026-11-26T10:00:00+01:00"))
    '2026-11-26T09:00:00.000000Z'
    """
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _task(one: Any) -> Task:
    told: dict[str, Any] = one if isinstance(one, dict) else one.model_dump(mode="json")
    data = told.get("data") or {}
    return Task(
        int(told["id"]),
        str(data.get(KEY, "")),
        moment(datetime.fromisoformat(told["updated_at"])) if told.get("updated_at") else "",
        list(told.get("annotations") or []),
        list(told.get("predictions") or []),
        data,
    )
