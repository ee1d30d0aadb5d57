"""Ids for those who need hundreds at once: as text, which is what is sealed, answered and stored under them.

A UUID is an object, and to make one, write it and read it again costs more than a cipher.
"""

import os
import time

#: What the first digit of the fourth group becomes: two of its bits say that this is a UUID.
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def timed_ids(count: int) -> list[str]:
    """Return UUIDs of version 7: they begin with this millisecond, and lie side by side in an index.

    Of chance alone each would touch another page of a large index, and write it whole into the log after every
    checkpoint. Only for ids that no buyer ever sees: they tell a time that a coarser record hides.
    """
    now, chance = f"{time.time_ns() // 1_000_000:012x}", os.urandom(10 * count).hex()
    prefix = f"{now[:8]}-{now[8:]}-7"
    return [
        f"{prefix}{one[:3]}-{_VARIANT[one[3]]}{one[4:7]}-{one[7:19]}"
        for one in (chance[start : start + 20] for start in range(0, len(chance), 20))
    ]
