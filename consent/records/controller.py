"""Who answers for the data: the controller that every notice and receipt names."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class Controller:
    """The company behind Maru, and where its data protection officer is reached."""

    name: str
    address: str
    contact: str
    officer: str

    def __str__(self) -> str:
        return f"{self.name}, {self.address}, {self.contact}"


def controller(locale: str) -> Controller:
    """Return the controller in the words of one language; each is set as `name; address; contact`."""
    name, address, contact = (part.strip() for part in settings.CONTROLLER[locale].split(";"))
    return Controller(name, address, contact, settings.PRIVACY_OFFICER)
