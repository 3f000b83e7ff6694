"""The application for `flask run` and other WSGI servers."""

import sys

from service import create_app
from service.settings import SettingsError

try:
    app = create_app()
except SettingsError as error:
    print(f"service: {error}", file=sys.stderr)  # noqa: T201 - this is an entry point
    sys.exit(2)
