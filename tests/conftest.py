"""What all tests share: one hypothesis profile, the places of rules and examples, a cache."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from llama import llama

from dataqa.registry import shipped
from dataqa.types import Assets

settings.register_profile(
    "dataqa",
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("dataqa")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def examples() -> Path:
    """The example corpus."""
    return ROOT / "examples" / "data"


@pytest.fixture(scope="session")
def llama_url() -> Generator[str]:
    """The base URL of a real llama.cpp server with the model ``smollm2``; skips without it."""
    with llama() as url:
        yield url


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Assets:
    """The shipped rules and a cache folder."""
    return Assets((shipped("rules"),), tmp_path_factory.mktemp("cache"))
