"""Inputs from a bucket are what the same files are; what a store refuses is told in plain words."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import sys
import traceback
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
import zstandard
from bucket import SECRET, Bucket, go_to, serving
from faulty import Fault, faulty
from read_sources import read_all

from dataqa.errors import DataqaError, InputError, RunError
from dataqa.io import objects, ranges, sources
from dataqa.io.credentials import of_profile
from dataqa.io.ranges import BLOCK, open_object
from dataqa.io.sources import Reading
from dataqa.io.urls import is_remote, parse, place

ROWS = [{"text": f"document {at} " + "word " * (at % 40), "rank": at} for at in range(400)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Bucket]:
    with serving(tmp_path_factory.mktemp("served")) as bucket:
        yield bucket


@pytest.fixture
def bucket(served: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    go_to(monkeypatch, served.port, tmp_path / "mirror")
    return served


def in_form(form: str) -> bytes:
    """The rows as a file of some format."""
    frame, target = pl.DataFrame(ROWS), io.BytesIO()
    match form:
        case "jsonl.gz":
            return gzip.compress(LINES)
        case "jsonl.zst":
            return zstandard.compress(LINES)
        case "csv":
            frame.write_csv(target)
        case "parquet":
            frame.write_parquet(target, row_group_size=50)
        case "arrow":
            frame.write_ipc(target, compat_level=pl.CompatLevel.oldest(), record_batch_size=50)
        case "arrows":
            table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
            with pa.ipc.new_stream(target, table.schema) as writer:
                writer.write_table(table, max_chunksize=50)
            return target.getvalue()
        case _:
            return LINES
    return target.getvalue()


@pytest.mark.parametrize("size", [1500, 1 << 20])
@pytest.mark.parametrize(
    "form", ["jsonl", "jsonl.gz", "jsonl.zst", "csv", "parquet", "arrow", "arrows", "txt"]
)
def test_an_object_is_read_as_the_same_file_is(
    form: str, size: int, bucket: Bucket, tmp_path: Path
):
    url = bucket.put(f"forms-{size}/rows.{form}", in_form(form))
    here = read_all(
        bucket.folder / f"forms-{size}/rows.{form}", spool=tmp_path / "spool", shard_bytes=size
    )
    there = read_all(url, spool=place("s3://corpus/spooled"), shard_bytes=size)
    assert there.docs.drop("doc_id").equals(here.docs.drop("doc_id"))
    assert there.ids == here.ids
    assert there.docs["doc_id"][0].startswith("s3://corpus/forms")
    assert len(there.shards) == len(here.shards)
    assert len(there.shards) > 1 or size > 1500 or form == "txt"


def test_a_file_that_breaks_off_gives_what_it_holds(bucket: Bucket, tmp_path: Path):
    whole = gzip.compress(random.Random(3).randbytes(1) + LINES)
    url = bucket.put("broken/a.jsonl.gz", whole[: len(whole) // 2])
    spools = tmp_path / "spool", place("s3://corpus/broken-spool")
    here, there = (
        read_all(path, spool=spool, shard_bytes=1000, on_error="quarantine")
        for path, spool in zip((bucket.folder / "broken/a.jsonl.gz", url), spools, strict=True)
    )
    assert there.damaged.drop("doc_id").equals(here.damaged.drop("doc_id"))
    assert there.docs["text"].equals(here.docs["text"])
    with pytest.raises(InputError, match="truncated or damaged gzip"):
        read_all(url)


PATTERNS = [
    *("", "a.jsonl", "sub", "sub/", "*.jsonl", "*", "s*", "sub/*/*.jsonl", "**/*.jsonl", "**"),
    *("sub/**/*", "[ab].jsonl", "?.jsonl", ".hidden/*.jsonl", "sub/deep", "saved", "*.md"),
    *("ä ö%20/x+y.jsonl", "ä*/*"),
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_finds_what_it_finds_on_a_disk(
    pattern: str, bucket: Bucket, caplog: pytest.LogCaptureFixture
):
    """The bucket's folder is a folder, so that both can be asked."""
    if not (bucket.folder / "tree").exists():
        for name in (
            *("a.jsonl", "b.jsonl", "c.jsonl.gz", "read.md", "sub/d.jsonl", "sub/deep/e.jsonl"),
            *("sub/deep/f.parquet", ".hidden/g.jsonl", "sub/.h.jsonl", "ä ö%20/x+y.jsonl"),
            *("saved/data-0.arrow", "saved/cache-1.arrow", "saved/dataset_info.json", "sub2/i.txt"),
        ):
            bucket.put(f"tree/{name}", "x")
        bucket.put("tree/saved/state.json", '{"_data_files": [{"filename": "data-0.arrow"}]}')
    here, there = str(bucket.folder), "s3://corpus"
    found: list[list[tuple[str, int, str, str]] | str] = []
    for root in (here, there):
        try:
            files = sources.find([f"{root}/tree/{pattern}"], Reading())
        except InputError as error:
            found.append(error.what)
            continue
        names = sorted(file.path.removeprefix(root).lstrip("/") for file in files)
        kinds = {file.path.removeprefix(root).lstrip("/"): file for file in files}
        found.append([(n, kinds[n].size, kinds[n].format, kinds[n].compression) for n in names])
    assert found[1] == found[0]
    assert found[0]


def test_an_empty_object_that_stands_for_a_folder_is_none(monkeypatch: pytest.MonkeyPatch):
    """Consoles make them; the server here, whose keys are files, cannot hold one."""
    when = datetime(2026, 1, 1, tzinfo=UTC)
    keys = ("a", "a/b.jsonl", "empty.jsonl")
    metas = [objects.Meta(f"s3://corpus/{key}", 2 * ("b" in key), when, "") for key in keys]

    def listing(url: str) -> Iterator[objects.Meta]:
        return iter(metas)

    monkeypatch.setattr(objects, "listing", listing)
    files = sources.find(["s3://corpus/*"], Reading())
    assert [file.path for file in files] == ["s3://corpus/a/b.jsonl", "s3://corpus/empty.jsonl"]


def test_a_key_that_cannot_be_read_is_told(bucket: Bucket):
    with pytest.raises(InputError, match=r"empty part, `//`.*\nHint: give"):
        sources.find(["s3://corpus/a//b.jsonl"], Reading())


def test_an_object_that_is_given_twice_is_read_once(bucket: Bucket):
    url = bucket.put("twice/a.jsonl", LINES)
    (file,) = sources.find([url, "s3://corpus/twice/*.jsonl", "s3://corpus/twice"], Reading())
    assert file.path == url
    assert sources.digest(file)
    assert abs(file.mtime_ns - (bucket.folder / "twice/a.jsonl").stat().st_mtime_ns) < 1e9


def test_reads_and_seeks_are_those_of_a_file(bucket: Bucket):
    data = random.Random(1).randbytes(3 * BLOCK + 12_345)
    draw, known = random.Random(2), io.BytesIO(data)
    with open_object(bucket.put("big/a.bin", data)) or io.BytesIO() as file:
        for _ in range(60):
            if draw.random() < 0.5:
                at = draw.choice([draw.randrange(len(data) + 10), 0, len(data) - 8, BLOCK - 1])
                assert file.seek(at) == known.seek(at)
            most = draw.choice([0, 1, 100, BLOCK, BLOCK + 1, 5 * BLOCK])
            assert file.read(most) == known.read(most)
            assert file.tell() == known.tell()
        assert file.seek(-5, io.SEEK_END) == known.seek(-5, io.SEEK_END)
        assert file.read() == known.read()
        file.seek(0)
        assert file.read() == data


def test_of_a_parquet_file_only_the_needed_parts_are_asked_for(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
):
    draw, asked = random.Random(4), list[int]()
    texts = [f"text {at}" for at in range(2000)]
    noise = [draw.randbytes(20_000) for _ in texts]
    target = io.BytesIO()
    pl.DataFrame({"text": texts, "noise": noise}).write_parquet(target, row_group_size=500)
    url = bucket.put("wide/a.parquet", target.getvalue())

    def counted(meta: objects.Meta, start: int, end: int) -> bytes:
        asked.append(end - start)
        return objects.get_range(meta, start, end)

    monkeypatch.setattr(ranges, "get_range", counted)
    reading = Reading(shard_bytes=20 << 20)
    files = sources.find([url], reading)
    schema = {"text": pl.String()}
    for shard in sources.cut(files, reading):
        for chunk in sources.read(shard, reading, schema):
            assert chunk.docs.height
    assert len(target.getvalue()) > 39_000_000
    assert sum(asked) < len(target.getvalue()) / 2


def test_an_object_that_is_put_anew_while_it_is_read_is_noticed(bucket: Bucket):
    url = bucket.put("changing/a.jsonl", LINES)
    reading = Reading(shard_bytes=1500)
    files = sources.find([url], reading)
    schema = sources.schema(files, reading)
    shards = sources.cut(files, reading)
    bucket.put("changing/a.jsonl", LINES.replace(b"document", b"Document"))
    with pytest.raises(InputError, match="has changed while it was being read"):
        list(sources.read(shards[1], reading, schema))
    os.unlink(bucket.folder / "changing/a.jsonl")  # noqa: PTH108
    with pytest.raises(InputError, match="is gone since the run began"):
        list(sources.read(shards[1], reading, schema))


@pytest.mark.parametrize("seed", range(3))
def test_a_bad_connection_costs_nothing_but_time(
    seed: int, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
):
    draw = random.Random(seed)
    kinds: tuple[Fault, ...] = ("cut", "refuse", "drop", "lose", "slow")
    met: list[Fault] = []

    def decide(method: str, path: str) -> Fault:
        met.append(draw.choice(kinds) if draw.random() < 0.3 else "")
        return met[-1]

    bucket.put("faults/a.jsonl", LINES * 200)
    bucket.put("faults/b.parquet", in_form("parquet"))
    want = read_all("s3://corpus/faults/*", shard_bytes=1 << 20)
    with faulty(bucket.port, decide) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("DATAQA_STORE_SECONDS", "60")
        got = read_all("s3://corpus/faults/*", shard_bytes=1 << 20)
    assert got.docs.equals(want.docs)
    assert sum(map(bool, met)) > 3


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("refuse", RunError, r"the store does not answer: 503\nHint: run again to continue"),
        ("lose", RunError, r"the store does not answer: it cannot be reached, or breaks off"),
        ("deny", InputError, r"permission denied.*\nHint: set AWS_ACCESS_KEY_ID"),
    ],
)
def test_a_store_that_stays_away_is_told_with_its_url_and_a_hint(
    fault: Fault, kind: type[DataqaError], words: str, bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    url = bucket.put("away/a.jsonl", LINES)
    with faulty(bucket.port, lambda method, path: fault) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        monkeypatch.setenv("DATAQA_STORE_SECONDS", "1")
        for given in (url, "s3://corpus/away/*.jsonl"):
            with pytest.raises(kind, match=words) as told:
                sources.find([given], Reading())
            assert told.value.where.startswith("s3://corpus/away")
            shown = "".join(traceback.format_exception(told.value))
            assert SECRET not in shown
            assert "AKIDTEST" not in shown


def test_what_is_not_there_is_told_with_what_is_like_it(bucket: Bucket):
    bucket.put("names/crawl-2026.jsonl", LINES)
    for given, words in (
        ("s3://corpus/names/crawl-2025.jsonl", r"no such object.*\n.*mean crawl-2026.jsonl"),
        ("s3://corpus/nmaes/*.jsonl", r"no object matches\nHint: did you mean names\?"),
        ("s3://corpus/names/*.csv", r"no object matches\nHint: there is crawl-2026.jsonl"),
        ("s3://corpus/nimes/at/all.csv", r"\nHint: did you mean names\?"),
        ("s3://no-such-bucket/a/", r"s3://no-such-bucket: there is no such bucket"),
        ("s3://", r"names no bucket\nHint: write s3://BUCKET/PREFIX"),
        (
            "http://corpus/a.jsonl",
            r"http:// is no object storage that is known\nHint: known: s3://",
        ),
        ("s3n://corpus/a.jsonl", r"did you mean s3"),
    ):
        with pytest.raises(InputError, match=words):
            sources.find([given], Reading())


def test_a_login_in_a_url_is_refused_and_not_repeated():
    for url in ("s3://AKID:hush-hush@corpus/a", "gs://me:hush-hush@corpus", "abfs://c:hush-hush@a"):
        with pytest.raises(InputError, match="a URL with a login in it") as told:
            place(url)
        assert "hush-hush" not in str(told.value)
    assert parse("abfs://box@acc.dfs.core.windows.net/a/b").key == "a/b"


def test_a_url_keeps_its_form_as_a_path():
    out = place("s3://corpus/clean/")
    assert str(out) == "s3://corpus/clean"
    assert str(out / "kept" / "a.parquet") == "s3://corpus/clean/kept/a.parquet"
    assert is_remote(Path("s3://corpus/clean"))
    assert not is_remote(place("s3/corpus"))
    for going in (lambda: out.mkdir(parents=True), lambda: (out / "a").write_bytes(b"")):
        with pytest.raises(InputError, match="files of this machine only"):
            going()


def test_an_endpoint_without_encryption_must_be_wanted(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    monkeypatch.setenv("DATAQA_STORE_SECONDS", "1")
    with pytest.raises(InputError, match=r"not encrypted.*\n.*AWS_ALLOW_HTTP=true"):
        sources.find(["s3://corpus/a.jsonl"], Reading())


def test_without_a_login_the_way_to_one_is_told(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://127.0.0.1:{bucket.port}")
    monkeypatch.setenv("DATAQA_STORE_SECONDS", "1")
    with pytest.raises(InputError, match=r"no login.*\nHint: set AWS_ACCESS_KEY_ID"):
        sources.find(["s3://corpus/a.jsonl"], Reading())


def test_google_and_azure_tell_what_they_lack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """No server of theirs can be had: that a URL gets to the right client is what is seen."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(
        InputError, match=r"gs://corpus.*\nHint: set GOOGLE_APPLICATION_CREDENTIALS"
    ):
        sources.find(["gs://corpus/a.jsonl"], Reading())
    for name in ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError, match=r"az://corpus.*\nHint: set AZURE_STORAGE_ACCOUNT_NAME"):
        sources.find(["az://corpus/a.jsonl"], Reading())


def test_without_the_extra_its_name_is_told(bucket: Bucket, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")  # so that no client is at hand
    with pytest.raises(InputError, match=r"needs the extra `objects`.*\n.*dataqa\[objects\]"):
        sources.find(["s3://corpus/a.jsonl"], Reading())


def test_profiles_of_the_aws_tools_are_read(tmp_path: Path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = one\naws_secret_access_key = s%1\n"
        "[work]\naws_access_key_id=two\naws_secret_access_key=s2\naws_session_token=t\n"
    )
    (tmp_path / ".aws" / "config").write_text(
        "[profile work]\nregion = eu-west-1\nendpoint_url = https://store.example\n"
        "[profile sso]\nsso_start_url = https://example\n"
    )
    home = {"HOME": str(tmp_path)}
    assert of_profile(home) == {"access_key_id": "one", "secret_access_key": "s%1"}
    work = of_profile({**home, "AWS_PROFILE": "work"})
    assert work == {
        "access_key_id": "two", "secret_access_key": "s2", "session_token": "t",
        "region": "eu-west-1", "endpoint": "https://store.example",
    }  # fmt: skip
    given = {**home, "AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": "three", "AWS_REGION": "x"}
    assert of_profile(given) == {"endpoint": "https://store.example"}
    with pytest.raises(InputError, match=r"needs the AWS tools.*\n.*export-credentials"):
        of_profile({**home, "AWS_PROFILE": "sso"})
    (tmp_path / ".aws" / "credentials").write_text("aws_secret_access_key = hush")
    with pytest.raises(InputError, match="is not a file of AWS profiles") as told:
        of_profile(home)
    assert "hush" not in "".join(traceback.format_exception(told.value))
