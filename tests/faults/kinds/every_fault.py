"""Every fault, in the order of the table."""

from tests.faults.kinds import (
    clock_faults,
    database_faults,
    load_faults,
    redis_faults,
    service_faults,
    stand_in_faults,
    table_faults,
)

_REDIS = (*redis_faults.FAULTS, *stand_in_faults.FAULTS)
_DATABASE = (*database_faults.FAULTS, *table_faults.FAULTS)
OF_REDIS = {fault.name for fault in (*_REDIS, *clock_faults.FAULTS)}
OF_DATABASE = {fault.name for fault in _DATABASE}
SERVICE_FAULTS = (*_REDIS, *_DATABASE, *service_faults.FAULTS, *clock_faults.FAULTS)
FAULTS = (*SERVICE_FAULTS, *load_faults.FAULTS)
