"""Every wire format an appliance or its hub may speak, one module each. `docs/dialects.md` says how to add one."""

from marketplace.appliances.dialects import airrohr, canonical, homeassistant
from marketplace.appliances.dialects.readings import Dialect, Interval, Method, Parsed, Raw, Reading
from marketplace.appliances.dialects.rejections import SENTENCES, Rejection

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect for dialect in (canonical.DIALECT, homeassistant.DIALECT, airrohr.DIALECT)
}

__all__ = ["DIALECTS", "SENTENCES", "Dialect", "Interval", "Method", "Parsed", "Raw", "Reading", "Rejection"]
