"""Every fault, in the order of the table."""

from tests.faults.kinds import (
    clock_faults,
    database_faults,
    load_faults,
    redis_faults,
    service_faults,
)

SERVICE_FAULTS = (
    *redis_faults.FAULTS,
    *database_faults.FAULTS,
    *service_faults.FAULTS,
    *clock_faults.FAULTS,
)
FAULTS = (*SERVICE_FAULTS, *load_faults.FAULTS)
