"""``dataqa label-studio``: a server on this machine, for trying the review."""

from __future__ import annotations

import click


@click.group("label-studio")
def label_studio_command() -> None:
    """Run a Label Studio on this machine, in an environment of its own."""


@label_studio_command.command("up")
@click.option("--port", type=click.IntRange(1, 65535), help="By default 8080 or the next free one.")
@click.option("--version", help="Which release is installed, if none is.")
def up_command(*, port: int | None, version: str | None) -> None:
    """Start it; the first time it is installed (a gigabyte, a minute or two).

    It listens on this machine only. The other review commands find it by themselves.
    """
    from dataqa.review.server.local_server import VERSION, login, running, up, usual_place

    place = usual_place()
    was = running(place)
    told = up(
        place,
        port=port,
        version=version or VERSION,
        tell=lambda line: click.echo(line, err=True),
    )
    who = login(place)
    click.echo(f"{'running already' if was else 'running'}: {told.url}")
    click.echo(f"  log in as {who.user}; the password is in {place.root / 'login.json'}")
    click.echo(f"  export LABEL_STUDIO_URL={told.url}")
    click.echo(f'  export LABEL_STUDIO_API_KEY="$(cat {place.token})"')


@label_studio_command.command("install")
@click.option("--version", help="Which release.")
def install_command(*, version: str | None) -> None:
    """Install it without starting it."""
    from dataqa.review.server.local_server import VERSION, install, usual_place

    place = usual_place()
    chosen = version or VERSION
    new = install(place, chosen, lambda line: click.echo(line, err=True))
    click.echo(f"{'installed' if new else 'there already'}: {place.program(chosen)}")


@label_studio_command.command("down")
@click.option("--purge", is_flag=True, help="Delete its projects, users and texts too.")
def down_command(*, purge: bool) -> None:
    """Stop it."""
    from dataqa.review.server.local_server import down, usual_place

    was = down(usual_place(), purge=purge)
    click.echo("stopped" if was else "it was not running")
    if purge:
        click.echo("its data is deleted")


@label_studio_command.command("status")
def status_command() -> int:
    """Tell whether it runs, and where. Exit code 1 if not."""
    from dataqa.review.server.local_server import running, usual_place

    told = running(usual_place())
    click.echo(told.url if told else "not running: dataqa label-studio up starts it")
    return 0 if told else 1
