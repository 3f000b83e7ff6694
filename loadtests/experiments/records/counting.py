"""Who counted the lookups of a trial."""

SERVICE = "service"
"""Our service counted them itself."""

CLIENT = "client"
"""The load generator counted the answers of a service of one's own."""

COUNTERS = "counters"
"""A service of one's own counted them in its metrics, where its answers do not say."""

REDIS = "redis"
"""Redis counted the keys that it found and did not find, for a service that does not say."""
