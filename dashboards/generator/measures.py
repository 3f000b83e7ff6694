"""The queries that several dashboards share."""

from dashboards.generator.promql import ASKED, FOUND, SPARED, highest, rate, ratio, running

LOOKUPS = "cacheaside_lookups_total"
HIT_RATIO = ratio(rate(LOOKUPS, FOUND), rate(LOOKUPS, ASKED))
AVOIDED = rate(LOOKUPS, SPARED)
PREDICTED = f"max ({running('loadtest_predicted_hit_ratio')})"
TTL = highest("cacheaside_ttl_seconds")
LOADS = rate("cacheaside_store_queries_total", 'op="select"')
FILLS = "cacheaside_fills_total"
# Origin amplification is loads per refresh. A redundant fill is a load that finished too late.
AMPLIFICATION = ratio(rate(FILLS, 'outcome=~"stored|redundant"'), rate(FILLS, 'outcome="stored"'))
ERROR_RATIO = ratio(rate(LOOKUPS, 'result="error"'), rate(LOOKUPS))
# Recorded by dashboards/prometheus/rules.yml.
RESPONSES = "result:loadtest_response_seconds_bucket:rate20s"
SERVICE_TIMES = "instance:loadtest_service_seconds_bucket:rate20s"
FIRING = 'ALERTS{alertstate="firing"}'
