"""An app on a SQLite file whose Redis is unreachable, so every lookup is a bypass."""

import pytest

from service import create_app
from service.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(
        redis_url="redis://127.0.0.1:1/0", database_url=f"sqlite:///{tmp_path}/fruit.db"
    )


@pytest.fixture
def build():
    """Builds apps, and closes them after the test."""
    apps = []

    def build_app(settings):
        apps.append(create_app(settings))
        return apps[-1]

    yield build_app
    for app in apps:
        app.extensions["close"]()


@pytest.fixture
def app(build, settings):
    return build(settings)


@pytest.fixture
def client(app):
    return app.test_client()
