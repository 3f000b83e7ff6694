"""The kinds of values that fields of a record have, where reading JSON shows no wrong one."""

from collections.abc import Mapping
from types import NoneType

_NUMBER = (int, float)

RUN_KINDS: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("title", "store_name", "machine", "kind"), (str,)),
    **dict.fromkeys(("plan", "versions"), (dict,)),
    **dict.fromkeys(("started_at", "store_delay_seconds"), _NUMBER),
    "stack": (list,),
    "wanted_hit_ratio": (*_NUMBER, NoneType),
}
TRIAL_KINDS: Mapping[str, tuple[type, ...]] = {
    "knobs": (dict,),
    "load": (dict, NoneType),
    "started_at": (*_NUMBER, NoneType),
}


def require_kinds(record: object, fields: Mapping[str, tuple[type, ...]]) -> None:
    """Raise TypeError, which names the field, unless each has a value of its kinds."""
    for name, kinds in fields.items():
        value = getattr(record, name)
        if not isinstance(value, kinds):
            raise TypeError(f"{name} is a {type(value).__name__}")
