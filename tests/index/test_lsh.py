"""datasketch's MinHashLSH as an index, in memory and in a real Redis, and to and from one."""

from __future__ import annotations

import pickle
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import datasketch
import polars as pl
import pytest
import redis
from documents import mixed, pages, text

from dataqa.duplicates import to_datasketch
from dataqa.duplicates.bands import Bands
from dataqa.duplicates.signatures import Shingle, signatures
from dataqa.errors import InputError
from dataqa.index.index import Index
from dataqa.index.lsh import from_lsh, to_lsh
from dataqa.index.lsh_index import LshIndex

BANDS = Bands(12, 5)
SIMILARITY = 0.7


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[dict[str, Any]]:
    """A Redis of its own, on a free port of this machine only, gone at the end."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server: apt-get install redis-server")
    folder = tmp_path_factory.mktemp("redis")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    with subprocess.Popen([program, *settings], stdout=subprocess.DEVNULL) as process:
        try:
            with redis.Redis("127.0.0.1", port) as client:
                for _ in range(200):
                    try:
                        client.ping()
                        break
                    except redis.ConnectionError:
                        time.sleep(0.05)
                client.ping()
            yield {"host": "127.0.0.1", "port": port}
        finally:
            process.terminate()


@pytest.fixture(params=["memory", "redis"])
def storage(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What datasketch takes for ``storage_config``."""
    if request.param == "memory":
        return {"type": "dict"}
    name = request.node.name.encode()
    return {"type": "redis", "basename": name, "redis": request.getfixturevalue("server")}


def make(storage: dict[str, Any], permutations: int = BANDS.permutations) -> Any:
    layout = (BANDS.bands, BANDS.rows)
    return datasketch.MinHashLSH(num_perm=permutations, params=layout, storage_config=storage)


def twin(path: Path) -> Index:
    """An index with the same bands, and signatures as long as they are."""
    return Index.create(path, similarity=SIMILARITY, bands=BANDS, permutations=BANDS.permutations)


def triples(found: pl.DataFrame) -> list[tuple[str, str, float]]:
    return sorted(found.select("doc_id", "ref", "similarity").rows())


KNOWN = mixed(150, 40, seed=1).with_columns(
    doc_id=pl.int_range(1000, 1150).cast(pl.String)  # of equals the oldest is the least one
)
ASKED = mixed(60, 50, seed=2, prefix="q")


@pytest.mark.parametrize("every", [False, True])
def test_a_store_says_what_an_index_says(tmp_path: Path, storage: dict[str, Any], every: bool):
    index, seen = twin(tmp_path / "i"), LshIndex(make(storage), similarity=SIMILARITY)
    assert seen.add(KNOWN)[:6] == index.add(KNOWN).counts[:6]
    assert len(seen) == len(index) == 150
    found = triples(index.query(ASKED, every=every))
    assert len(found) > 30
    assert triples(seen.query(ASKED, every=every)) == found
    assert triples(seen.query(ASKED.lazy(), every=every)) == found
    gone = KNOWN["doc_id"][::3].to_list()
    assert seen.remove([*gone, "no such"]) == index.remove(gone) == len(gone)
    assert triples(seen.query(ASKED, every=every)) == triples(index.query(ASKED, every=every))


def test_adding_again_changes_nothing_and_a_later_document_replaces(storage: dict[str, Any]):
    seen = LshIndex(make(storage), similarity=SIMILARITY)
    assert seen.add(pages("d", [1, 2])).added == 2
    assert seen.add(pages("d", [1, 2]))[:3] == (2, 0, 2)
    told = seen.add(pl.DataFrame({"doc_id": ["d1", "e"], "text": [text(9), "…"]}))
    assert (told.added, told.replaced, told.empty, len(seen)) == (1, 1, 1, 2)
    assert seen.query(pages("q", [1, 2, 9]))["ref"].to_list() == ["d2", "d1"]


def test_an_index_moves_into_a_store_and_back(tmp_path: Path, storage: dict[str, Any]):
    index = twin(tmp_path / "i")
    index.add(KNOWN[:100])
    index.add(KNOWN[100:])
    index.remove(["1003"])
    lsh = to_lsh(index, storage)
    assert triples(LshIndex(lsh, similarity=SIMILARITY).query(ASKED)) == triples(index.query(ASKED))
    back = from_lsh(lsh, tmp_path / "back", similarity=SIMILARITY)
    assert len(back) == len(index) == 149
    assert triples(back.query(ASKED)) == triples(index.query(ASKED))
    # how many shingles its documents have, a MinHash does not tell
    assert back.query(ASKED)["ref_shingles"].null_count() == back.query(ASKED).height


def test_datasketch_itself_finds_what_was_put_in(tmp_path: Path, storage: dict[str, Any]):
    """The same candidates as of MinHashes that datasketch inserts: bit for bit the same bands."""
    index = twin(tmp_path / "i")
    index.add(KNOWN)
    lsh, own = to_lsh(index, storage), make({"type": "dict"})
    for name, minhash in zip(KNOWN["doc_id"], minhashes(KNOWN), strict=True):
        own.insert(name, minhash)
    found = [sorted(lsh.query(minhash)) for minhash in minhashes(ASKED)]
    assert found == [sorted(own.query(minhash)) for minhash in minhashes(ASKED)]
    assert sum(map(len, found)) > 30


def minhashes(frame: pl.DataFrame) -> list[Any]:
    return to_datasketch(signatures(frame["text"], Shingle(), BANDS.permutations, 1), 1)


def test_what_is_in_redis_is_there_for_others_and_later(server: dict[str, Any]):
    storage = {"type": "redis", "basename": b"shared", "redis": server}
    first = LshIndex(make(storage), similarity=SIMILARITY)
    first.add(pages("d", range(10)))
    del first
    second = LshIndex(make(storage), similarity=SIMILARITY)
    assert len(second) == 10
    assert second.query(pages("q", [3, 30]))["ref"].to_list() == ["d3"]
    other = LshIndex(make(storage | {"basename": b"another"}), similarity=SIMILARITY)
    assert not other.query(pages("q", [3])).height


def test_ids_that_are_there_already_are_an_error(tmp_path: Path, server: dict[str, Any]):
    index = twin(tmp_path / "i")
    index.add(pages("d", [1]))
    storage = {"type": "redis", "basename": b"twice", "redis": server}
    to_lsh(index, storage)
    with pytest.raises(InputError, match="has one of the ids already"):
        to_lsh(index, storage)


class _Evil:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return Path.touch, (Path("called"),)  # pyright: ignore[reportReturnType]


def test_keys_of_a_store_are_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What a shared Redis holds may be another's: only strings are read from its pickles."""
    monkeypatch.chdir(tmp_path)
    lsh = datasketch.MinHashLSH(
        num_perm=60, params=(12, 5), storage_config={"type": "dict"}, prepickle=True
    )
    lsh.keys.insert(pickle.dumps(_Evil()), *[b"\0" * 20] * 12)
    with pytest.raises(InputError, match="no string"):
        from_lsh(lsh, tmp_path / "i")
    assert not (tmp_path / "called").exists()


def other_lsh(kind: str) -> Any:
    lsh = make({"type": "dict"})
    if kind == "hash function":
        return datasketch.MinHashLSH(num_perm=60, params=(12, 5), hashfunc=lambda band: band[:4])
    if kind == "numbers":
        lsh.insert(7, minhashes(pages("d", [1]))[0])
    else:
        lsh.insert("a", datasketch.MinHash(60, scheme="legacy"))
    return lsh


@pytest.mark.parametrize(
    ("kind", "named"),
    [("hash function", "hashes of bands"), ("numbers", "no string"), ("scheme", "32 bits")],
)
def test_stores_that_cannot_be_read_say_why(tmp_path: Path, kind: str, named: str):
    with pytest.raises(InputError, match=named):
        from_lsh(other_lsh(kind), tmp_path / "i")


def test_signatures_may_be_longer_than_the_bands(tmp_path: Path):
    index = Index.create(tmp_path / "i", similarity=SIMILARITY)
    index.add(pages("d", range(20)))
    seen = LshIndex(to_lsh(index), similarity=SIMILARITY)
    assert seen.query(pages("q", range(20), edits=1))["ref"].to_list() == [
        f"d{k}" for k in range(20)
    ]
    assert seen.add(pages("d", range(19, 21)))[:3] == (2, 1, 1)
