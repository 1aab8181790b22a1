"""Runs inside a peer's environment and answers one line for each line it is told.

``python minhash_peer.py PEER TEXTS.parquet``: reads the texts, says ``ready``, and then for each
line that comes makes 128-place signatures of word 5-grams of all of them and answers with the CPU
seconds that it took, all threads together.
"""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

os.environ["DAFT_ANALYTICS_ENABLED"] = "0"
os.environ["DO_NOT_TRACK"] = "true"

PERMUTATIONS, WORDS = 128, 5


def texts_of(path: str) -> list[str]:
    import pyarrow.parquet as pq

    return pq.read_table(path, columns=["text"])["text"].to_pylist()


def grams(text: str) -> list[str]:
    """The usual Python shingling, in lower case."""
    words = text.lower().split()
    last = max(len(words) - WORDS + 1, 1)
    return [" ".join(words[at : at + WORDS]) for at in range(last)]


def daft(path: str, hashing: str) -> Callable[[], Any]:
    """Daft's expression as it is: it cuts at white space, and folds nothing."""
    import daft as made
    import pyarrow.parquet as pq

    made.set_runner_native()
    texts = made.from_arrow(pq.read_table(path, columns=["text"])).collect()
    hashes = made.col("text").minhash(
        num_hashes=PERMUTATIONS, ngram_size=WORDS, seed=1, hash_function=hashing
    )
    return lambda: texts.select(hashes).collect()


def rensa(path: str) -> Callable[[], Any]:
    """rensa, fed as its documentation shows."""
    from rensa import RMinHash

    texts = texts_of(path)

    def run() -> None:
        for text in texts:
            one = RMinHash(num_perm=PERMUTATIONS, seed=1)
            one.update(grams(text))
            one.digest()

    return run


def datasketch(path: str) -> Callable[[], Any]:
    """Datasketch's ``affine32`` with its own hash function."""
    from datasketch import MinHash

    texts = texts_of(path)

    def run() -> None:
        tokens = ([gram.encode() for gram in grams(text)] for text in texts)
        for _ in MinHash.generator(tokens, num_perm=PERMUTATIONS, seed=1, scheme="affine32"):
            pass

    return run


def datatrove(path: str) -> Callable[[], Any]:
    """The signature stage as its pipelines run it, files of signatures included."""
    from datatrove.data import Document
    from datatrove.pipeline.dedup import MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.utils.typeshelper import Languages

    config = MinhashConfig(n_grams=WORDS, num_buckets=16, hashes_per_bucket=PERMUTATIONS // 16)
    texts = texts_of(path)

    def run() -> None:
        documents = (Document(text=text, id=str(at)) for at, text in enumerate(texts))
        with tempfile.TemporaryDirectory() as folder:
            MinhashDedupSignature(folder, config=config, language=Languages.english).run(documents)

    return run


def main() -> None:
    """Serve."""
    name, path = sys.argv[1:3]
    run = {"daft": daft, "rensa": rensa, "datasketch": datasketch, "datatrove": datatrove}[name](
        path, *sys.argv[3:]
    )
    print("ready", flush=True)
    for _ in sys.stdin:
        begun = time.process_time()
        run()
        print(time.process_time() - begun, flush=True)


if __name__ == "__main__":
    main()
