"""Every fault, in the order of the table."""

from tests.faults import database_faults, redis_faults, service_faults

FAULTS = (*redis_faults.FAULTS, *database_faults.FAULTS, *service_faults.FAULTS)
