"""``dataqa pack``."""

from __future__ import annotations

import re
from pathlib import Path

import click

from dataqa.cli.options import parse_size


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

    size = parse_size(shard_size, "--shard-size")
    packing = Packing(size, shuffle_seed, parse_split(split), tokenizer, text_column)
    target = out or folder.parent / "packed"
    for name, told in pack(folder, target, packing)["splits"].items():
        tokens = f", {told[TOKENS]:,} tokens" if TOKENS in told else ""
        click.echo(
            f"{name}: {told['documents']:,} documents, {told['bytes'] / 1e6:,.1f} MB of text"
            f"{tokens}, {len(told['shards'])} shards"
        )
    click.echo(f"Shards: {target}")


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
