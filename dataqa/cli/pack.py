"""``dataqa pack``."""

from __future__ import annotations

import re
from pathlib import Path

import click

_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


@click.command("pack")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the shards go; by default `packed` beside FOLDER.",
)
@click.option("--shard-size", default="512MB", show_default=True, help="Text in one shard.")
@click.option("--shuffle-seed", default=0, show_default=True, help="Seed of shuffle and splits.")
@click.option("--split", default="train=1", show_default=True, help="train=0.98,valid=0.02")
@click.option("--tokenizer", help="Count tokens: cl100k, o200k or qwen.")
@click.option("--text-column", default="text", show_default=True)
def pack_command(
    *,
    folder: Path,
    out: Path | None,
    shard_size: str,
    shuffle_seed: int,
    split: str,
    tokenizer: str | None,
    text_column: str,
) -> None:
    """Write final shards for training: shuffled, split and cut to size.

    FOLDER is a run's kept/. The same documents and seed give the same shards.
    """
    from dataqa.engine.packing import TOKENS, Packing, pack

    packing = Packing(
        parse_size(shard_size), shuffle_seed, parse_split(split), tokenizer, text_column
    )
    target = out or folder.parent / "packed"
    for name, told in pack(folder, target, packing)["splits"].items():
        tokens = f", {told[TOKENS]:,} tokens" if TOKENS in told else ""
        click.echo(
            f"{name}: {told['documents']:,} documents, {told['bytes'] / 1e6:,.1f} MB of text"
            f"{tokens}, {len(told['shards'])} shards"
        )
    click.echo(f"Shards: {target}")


def parse_size(text: str) -> int:
    """Bytes from ``512MB``, ``64MiB`` or a plain number.

    >>> parse_size("1.5KB")
    1500
    """
    match = re.fullmatch(r"\s*([0-9.]+)\s*([a-z]*)\s*", text.lower())
    if match is None or match[2] not in _UNITS or not float(match[1]):
        raise click.UsageError(f"--shard-size {text}: write it like 512MB or 64MiB")
    return int(float(match[1]) * _UNITS[match[2]])


def parse_split(text: str) -> dict[str, float]:
    """Names and shares.

    >>> parse_split("train=0.98,valid=0.02")
    {'train': 0.98, 'valid': 0.02}
    """
    splits: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = part.partition("=")
        try:
            splits[name.strip()] = float(share)
        except ValueError:
            raise click.UsageError(f"--split {text}: write it like train=0.98,valid=0.02") from None
        if not re.fullmatch(r"[\w-]+", name.strip()) or splits[name.strip()] < 0:
            raise click.UsageError(f"--split {text}: a name is a word, a share is not negative")
    return splits
