"""Asks a server directly, as the load does: past the proxy that the environment may name."""

import urllib.request

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
