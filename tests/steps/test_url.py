"""Each list trips its own rule, and only that one."""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path

import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from dataqa.errors import InputError
from dataqa.policy import StepRule, judge
from dataqa.steps.url import Url
from dataqa.types import Action, Assets, Batch, batch_of

ASSETS = Assets((), Path())
STEP = Url(
    block=("bad.example", "host.example/users/eve"),
    allow=("good.bad.example",),
    hard_words=("hardword",),
    soft_words=("softone", "softtwo", "softthree"),
    substrings=("verybad",),
)


def batch(*urls: str | None) -> Batch:
    numbers = pl.Series(range(len(urls)), dtype=pl.UInt64)
    return batch_of(
        pl.DataFrame(
            {
                "_doc": numbers,
                "doc_id": [str(row) for row in range(len(urls))],
                "text": ["text"] * len(urls),
                "url": pl.Series(urls, dtype=pl.String),
            }
        )
    )


def reasons(url: str | None, step: Url = STEP) -> list[str]:
    done = step.open(ASSETS)(batch(url))
    found = judge(done, [StepRule("url", rule) for rule in step.rules(ASSETS)])
    return found["rule"].to_list()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://fine.example/page", []),
        ("https://bad.example/", ["url.domain.max"]),
        ("HTTP://WWW.Sub.Bad.Example:8080/x?y", ["url.domain.max"]),
        ("bad.example", ["url.domain.max"]),
        ("//user:secret@bad.example/x", ["url.domain.max"]),
        ("https://notbad.example/", []),
        ("https://bad.example.org/", []),
        ("https://good.bad.example/hardword-very-bad", []),
        ("https://host.example/users/eve/page?x=1", ["url.domain.max"]),
        ("https://host.example/users/evelyn", []),
        ("https://fine.example/a_hardword.html", ["url.hard_words.max"]),
        ("https://fine.example/hardwords", []),
        ("https://fine.example/softone", []),
        ("https://fine.example/softone/softone", []),
        ("https://fine.example/softone-softtwo", ["url.soft_words.max"]),
        ("https://fine.example/ve.ry/b-a-d", ["url.substrings.max"]),
    ],
)
def test_reason(url: str, expected: list[str]):
    assert reasons(url) == expected


def test_a_missing_url_is_kept_unless_asked_otherwise():
    assert reasons(None) == reasons("") == []
    asked = Url(block=("bad.example",), missing="review")
    assert reasons(None, asked) == ["url.domain.missing"]
    assert asked.rules(ASSETS)[0].missing == Action.REVIEW


def test_lists_come_from_files_and_word_lists(tmp_path: Path):
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "own.yaml").write_text(
        "words: own\ntitle: Own\ncite: nobody\nitems: [Terrible]\n"
    )
    plain = tmp_path / "domains.txt"
    plain.write_text("# a comment\nBad.Example  # why\n\n")
    packed = tmp_path / "more.txt.gz"
    packed.write_bytes(gzip.compress(b"worse.example\n"))
    assets = Assets((tmp_path,), tmp_path)
    step = Url(block=(f"file:{plain}", f"file:{packed}"), hard_words=("list:own",))
    urls = ("http://bad.example", "http://worse.example", "http://x.example/terrible")
    done = step.open(assets)(batch(*urls))
    assert done.signals["url_domain_blocked"].to_list() == [1, 1, 0]
    assert done.signals["url_hard_words"].to_list() == [0, 0, 1]
    before = step.digest(assets)
    plain.write_text("other.example")
    assert step.digest(assets) != before


def test_a_rule_for_each_list_given():
    assert [rule.key for rule in Url(hard_words=("x",)).rules(ASSETS)] == ["url.hard_words"]
    assert Url().rules(ASSETS) == ()


def test_laws():
    received = batch("https://bad.example", None, "http://ok.example/softone/softtwo", "\0 é ::/")
    copy = received.docs.clone()
    done = STEP.open(ASSETS)(received)
    assert_frame_equal(received.docs, copy)
    assert_frame_equal(done.docs, copy)
    parts = [STEP.open(ASSETS)(received._replace(docs=copy[row : row + 1])) for row in range(4)]
    assert_frame_equal(pl.concat([part.signals for part in parts]), done.signals)
    assert STEP.open(ASSETS)(batch()).signals.schema == done.signals.schema
    assert pickle.loads(pickle.dumps(STEP)) == STEP
    assert msgspec.convert(msgspec.to_builtins(STEP), Url) == STEP


def test_errors(tmp_path: Path):
    with pytest.raises(InputError, match="no column 'url'"):
        STEP.open(ASSETS)(batch("x")._replace(docs=batch("x").docs.drop("url")))
    with pytest.raises(InputError, match="there is no file"):
        Url(block=("file:/nowhere/at/all",)).open(ASSETS)
    with pytest.raises(InputError, match="word list"):
        Url(hard_words=("list:nothing",)).open(ASSETS)
    (tmp_path / "empty.txt").touch()
    with pytest.raises(InputError, match="no entries"):
        Url(block=(f"file:{tmp_path}/empty.txt",)).open(ASSETS)
    with pytest.raises(InputError, match="max_soft"):
        Url(max_soft=-1)
