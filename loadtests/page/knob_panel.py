"""Answers the knob panel of Locust's page: shows the knobs in force and changes them."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from locust.web import WebUI

from loadtests.page.live_view import LiveView
from loadtests.page.start_checks import sent_json
from loadtests.run.ledger import Ledger
from loadtests.run.typed_locust import protected
from loadtests.service_under_test.client import ServiceError
from loadtests.service_under_test.contract import says_enough
from loadtests.workload.flags import FlagError
from loadtests.workload.knob_flags import KNOB_FLAGS, parse_changes


class KnobPanel:
    """Serves the requests of the panel's script.

    Args:
        ledger: Knows the service and its knobs.
        live: The view of the run.
    """

    def __init__(self, ledger: Ledger, live: LiveView) -> None:
        self._ledger = ledger
        self._live = live

    def install(self, pages: Blueprint, web_ui: WebUI) -> None:
        """Add the panel's routes to *pages*."""
        pages.get("/cacheaside/live")(protected(web_ui, self._send_state))
        pages.post("/cacheaside/knobs")(protected(web_ui, self._change_knobs))

    def _send_state(self) -> ResponseReturnValue:
        view = self._live.view
        return jsonify(
            hit_ratio=view.recent_hit_ratio,
            predicted_hit_ratio=view.predicted_hit_ratio,
            unsaid=not says_enough(view.tallies.results()),
            knobs=self._ledger.knobs,
            fields=[
                {"key": flag.key, "choices": flag.words, "help": flag.help}
                for flag in KNOB_FLAGS
                if not view.target or flag.key in self._ledger.knobs
            ],
        )

    def _change_knobs(self) -> ResponseReturnValue:
        texts = sent_json()
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
