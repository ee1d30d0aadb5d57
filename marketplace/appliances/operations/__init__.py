from marketplace.appliances.operations.describing import (
    describe_appliance,
    join_appliances,
    leave_home,
    never_ask_about,
    separate_appliance,
    share_never,
)
from marketplace.appliances.operations.keys import (
    MAX_OVERLAP,
    adopt_key,
    change_carried_key,
    change_own_key,
    end_hub_key,
    end_pairing,
    make_hub_key,
    note_use,
    spend_message,
)
from marketplace.appliances.operations.pairing import (
    Paired,
    ask_for_code,
    cancel_code,
    prune,
    redeem_code,
)
from marketplace.appliances.operations.trusting import Stream, count_day, decide_flag, raise_flags

__all__ = [
    "MAX_OVERLAP",
    "Paired",
    "Stream",
    "adopt_key",
    "ask_for_code",
    "cancel_code",
    "change_carried_key",
    "change_own_key",
    "count_day",
    "decide_flag",
    "describe_appliance",
    "end_hub_key",
    "end_pairing",
    "join_appliances",
    "leave_home",
    "make_hub_key",
    "never_ask_about",
    "note_use",
    "prune",
    "raise_flags",
    "redeem_code",
    "separate_appliance",
    "share_never",
    "spend_message",
]
