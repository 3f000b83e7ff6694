"""The rules on the two Prometheus versions in use: Debian 12's and compose's."""

import json
import os
import re
import shutil
import subprocess

import pytest

from tests.dashboards.board_files import (
    BOARDS,
    ROOT,
    all_queries,
    families_behind,
    fill_variables,
    load,
    panels,
    rules,
    selector_of,
)

FOLDER = ROOT / "dashboards" / "prometheus"
IMAGE = "prom/prometheus:v3.5.0"


def has_image():
    if not shutil.which("docker"):
        return False
    looked = subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False)
    return looked.returncode == 0


@pytest.fixture(params=["on the PATH", "v3.5.0"])
def promtool(request):
    """Return what calls promtool; {} in its arguments stands for the files' folder."""

    def call(folder, *words):
        if request.param == "v3.5.0":
            if not has_image():
                if os.environ.get("CI") == "true":
                    pytest.fail(f"under CI=true the image {IMAGE} may not be missing")
                pytest.skip(f"no Docker engine with {IMAGE}")
            run = ["docker", "run", "--rm", "--network=none", "--user=0", "--entrypoint=promtool"]
            mount = [f"--volume={folder}:/files:ro", IMAGE]
            command = [*run, *mount, *(word.format("/files") for word in words)]
        else:
            path = request.getfixturevalue("promtool_path")
            command = [path, *(word.format(folder) for word in words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


@pytest.mark.integration
def test_configuration_and_rules_are_valid(promtool):
    said = promtool(FOLDER, "check", "config", "{}/prometheus.yml")

    assert f"{len(rules())} rules found" in said


@pytest.mark.integration
def test_every_alert_fires_and_stays_silent_as_its_cases_say(promtool):
    assert "SUCCESS" in promtool(FOLDER, "test", "rules", "{}/rules.test.yml")


@pytest.mark.integration
def test_every_query_of_every_dashboard_parses(promtool, tmp_path):
    exprs = [
        selector_of(query.expr)[0] if query.kind == "variable" else query.expr
        for query in all_queries()
    ]
    lines = ["groups:", "- name: queries", "  rules:"]
    for number, expr in enumerate(exprs):
        quoted = fill_variables(expr).replace("'", "''")
        lines += [f"  - record: query:{number}", f"    expr: '{quoted}'"]
    (tmp_path / "queries.yml").write_text("\n".join(lines))

    said = promtool(tmp_path, "check", "rules", "{}/queries.yml")

    assert f"{len(exprs)} rules found" in said


@pytest.mark.integration
@pytest.mark.parametrize(("line", "record"), [(0, "store_loads"), (1, "lookups")])
def test_store_loads_of_a_ttl_are_not_summed_over_restarts_of_the_service(
    promtool, tmp_path, line, record
):
    queries = [query for query in all_queries() if query.title == "Store load against TTL"]
    metric = f"ttl:cacheaside_{record}:rate15s"
    case = {
        "interval": "5s",
        "input_series": [
            {"series": 'cacheaside:steady_ttl{ttl="5"}', "values": "1x120"},
            # Two replicas at first, then one that does the work of both.
            {"series": f'{metric}{{job="service", instance="a", ttl="5"}}', "values": "6x59 _x60"},
            {"series": f'{metric}{{job="service", instance="b", ttl="5"}}', "values": "4x59 _x60"},
            {"series": f'{metric}{{job="service", instance="c", ttl="5"}}', "values": "_x60 10x60"},
        ],
        "promql_expr_test": [
            {
                "expr": fill_variables(queries[line].expr),
                "eval_time": "10m",
                "exp_samples": [{"labels": '{ttl="5"}', "value": 10}],
            }
        ],
    }
    (tmp_path / "case.yml").write_text(json.dumps({"tests": [case]}))

    assert "SUCCESS" in promtool(tmp_path, "test", "rules", "{}/case.yml")


ALERTS = [rule for rule in rules() if "alert" in rule]
CASES = (FOLDER / "rules.test.yml").read_text(encoding="utf-8").split("\n  - name: ")


@pytest.mark.parametrize("alert", ALERTS, ids=lambda rule: rule["alert"])
def test_alert_has_a_severity_a_summary_and_a_description(alert):
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert alert["annotations"]["summary"].endswith((".", "{{ end }}."))
    assert alert["annotations"]["description"]


PANELS = {
    (load(path)["uid"], str(panel["id"])): panel for path in BOARDS for panel in panels(load(path))
}
# Their alerts are about whether a program answers at all, which is no panel's own metric.
# Alerts about who answers, whose metric no panel shows, and the panel that shows it nevertheless.
ABOUT_ANSWERS = {
    "ServiceDown": "Lookups by result",
    "RedisDown": "Keys and clients",
    "MySQLDown": "Connections",
    "ExporterDown": "Keys and clients",
    "RedisNodeLost": "Keys and clients",
}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda rule: rule["alert"])
def test_link_of_an_alert_opens_the_panel_that_shows_its_metric(alert):
    uid, panel_id = re.fullmatch(
        r"http://127.0.0.1:3000/d/([a-z-]+)\?viewPanel=(\d+)", alert["annotations"]["dashboard"]
    ).groups()
    panel = PANELS[uid, panel_id]
    shown = set().union(*(families_behind(target["expr"]) for target in panel["targets"]))

    if alert["alert"] in ABOUT_ANSWERS:
        assert panel["title"] == ABOUT_ANSWERS[alert["alert"]]
    else:
        assert families_behind(alert["expr"]) & shown, panel["title"]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda rule: rule["alert"])
def test_alert_has_a_case_that_fires_and_one_that_does_not(alert):
    looks = [look for case in CASES for look in case.split("- eval_time:")[1:]]
    about = [look for look in looks if f"alertname: {alert['alert']}\n" in look]

    assert any("exp_alerts:" in look for look in about)
    assert any("exp_alerts:" not in look for look in about)
