"""Adds the run-time panel to Locust's page: a small script that changes knobs during a run."""

from pathlib import Path

from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from locust.web import WebUI

from loadtests.page.live_view import LiveView
from loadtests.run.ledger import Ledger
from loadtests.run.typed_locust import protected
from loadtests.service_under_test.client import ServiceError
from loadtests.workload.flags import FlagError
from loadtests.workload.knob_flags import KNOB_FLAGS, parse_changes

_SCRIPT = Path(__file__).with_name("panel.js")


class RunPanel:
    """Serves the panel's script and its requests.

    Args:
        ledger: Knows the service and its knobs.
        live: The view of the run.
        base: Base path of Locust's page; empty at the root.
    """

    def __init__(self, ledger: Ledger, live: LiveView, base: str) -> None:
        self._ledger = ledger
        self._live = live
        self._base = base

    def install(self, app: Flask, pages: Blueprint, web_ui: WebUI) -> None:
        """Add the script to the page and the panel's routes to *pages*."""
        app.after_request(self._add_script)
        pages.get("/cacheaside/panel.js")(self._send_script)
        pages.get("/cacheaside/live")(protected(web_ui, self._send_state))
        pages.post("/cacheaside/knobs")(protected(web_ui, self._change_knobs))

    def _add_script(self, response: Response) -> Response:
        is_page = request.path == f"{self._base}/" and response.mimetype == "text/html"
        if is_page and response.status_code == 200:
            page = response.get_data(as_text=True)
            tag = '<script src="./cacheaside/panel.js" defer></script>'
            response.set_data(page.replace("</body>", f"{tag}</body>"))
        return response

    def _send_script(self) -> ResponseReturnValue:
        script = _SCRIPT.read_text(encoding="utf-8")
        return Response(script, content_type="text/javascript; charset=utf-8")

    def _send_state(self) -> ResponseReturnValue:
        view = self._live.view
        return jsonify(
            hit_ratio=view.recent_hit_ratio,
            predicted_hit_ratio=view.predicted_hit_ratio,
            knobs=self._ledger.knobs,
            fields=[{"key": flag.key, "choices": flag.words} for flag in KNOB_FLAGS],
        )

    def _change_knobs(self) -> ResponseReturnValue:
        texts = request.get_json()
        if not isinstance(texts, dict):
            return jsonify(message="knobs must be sent as a JSON object"), 400
        try:
            knobs = parse_changes({str(key): str(text) for key, text in texts.items()})
            with self._ledger.client() as client:
                self._ledger.note_knobs(client.set_knobs(knobs))
        except (FlagError, ServiceError) as error:
            return jsonify(message=str(error)), 400
        self._live.update()
        return jsonify(message="in force", knobs=self._ledger.knobs)
