"""Where a bucket's client gets its login from: the environment, else the files of the AWS tools.

For Google and Azure the client itself knows the usual places. A login is handed on and nothing
else: no message, log, or file holds it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from configparser import ConfigParser, Error
from pathlib import Path

from dataqa.errors import InputError

_GIVEN = (
    *("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SKIP_SIGNATURE"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
)
"""With one of these the environment says who we are, and profiles are not looked at."""
_KEYS = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
}
_ELSEWHERE = ("sso_session", "sso_start_url", "role_arn", "credential_process")


def of_profile(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the profile ``AWS_PROFILE``, else ``default``, says that the environment does not.

    Args:
        environment: The variables.

    Returns:
        The client's settings: keys, ``region``, ``endpoint``.

    Raises:
        InputError: The profile that was asked for is not there, or needs the AWS tools.
    """
    home = Path(environment.get("HOME", "~")).expanduser() / ".aws"
    name = environment.get("AWS_PROFILE") or "default"
    secret = _section(environment.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials", name)
    config = _section(
        environment.get("AWS_CONFIG_FILE") or home / "config",
        name if name == "default" else f"profile {name}",
    )
    told = config | secret
    found = {}
    if "AWS_REGION" not in environment and "AWS_DEFAULT_REGION" not in environment:
        found |= {"region": told["region"]} if "region" in told else {}
    if not any(key in environment for key in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT")):
        found |= {"endpoint": told["endpoint_url"]} if "endpoint_url" in told else {}
    if any(environment.get(key) for key in _GIVEN):
        return found
    keys = {ours: told[theirs] for theirs, ours in _KEYS.items() if theirs in told}
    if not keys and "AWS_PROFILE" in environment:
        what = "needs the AWS tools" if any(key in told for key in _ELSEWHERE) else "has no keys"
        raise InputError(
            f"the profile {name} {what}",
            where=str(home),
            hint=f'eval "$(aws configure export-credentials --profile {name} --format env)"',
        )
    return found | keys


def _section(path: str | Path, name: str) -> dict[str, str]:
    """One section of such a file, empty where there is none."""
    parser = ConfigParser(interpolation=None, default_section="")
    try:
        parser.read(path, encoding="utf-8")
    except (Error, UnicodeDecodeError):  # its text may hold a key: not shown
        raise InputError("is not a file of AWS profiles", where=str(path)) from None
    return dict(parser[name]) if parser.has_section(name) else {}
