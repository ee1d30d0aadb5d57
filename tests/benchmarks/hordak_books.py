"""django-hordak doing transfers, in a process and a database of its own: prints transfers a second, singly and in bulk.

Run by test_ledger_peers.py: `python hordak_books.py <host> <port> <user> <database> <seconds>`; PGPASSWORD as usual.
"""

import random
import sys
import time

import django
from django.conf import settings

HOMES, ESCROWS, BATCH = 200, 20, 1000


def main(host: str, port: str, user: str, database: str, seconds: float) -> None:
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": database,
                "USER": user,
                "HOST": host,
                "PORT": port,
            }
        },
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "djmoney", "hordak"],
        DEFAULT_CURRENCY="EUR",
        CURRENCIES=("EUR",),
        USE_TZ=True,
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    print(f"singly {singly(*accounts(), seconds=seconds):.1f}")
    print(f"bulk {in_bulk(*accounts(), seconds=seconds):.1f}")


def accounts():
    """Return escrows and homes, made when missing."""
    from hordak.models import Account, AccountType

    if not Account.objects.exists():
        for name, number in (("escrow", ESCROWS), ("home", HOMES)):
            for at in range(number):
                Account.objects.create(name=f"{name} {at}", type=AccountType.liability, currencies=["EUR"])
    every = list(Account.objects.order_by("pk"))
    return every[:ESCROWS], every[ESCROWS:]


def singly(escrows, homes, *, seconds: float) -> float:
    """Return how many transfers a second its own shortcut makes, one transaction each."""
    from django.db import transaction
    from moneyed import Money

    amount, done, began = Money(1, "EUR"), 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        with transaction.atomic():
            random.choice(escrows).transfer_to(random.choice(homes), amount)
        done += 1
    return done / (time.perf_counter() - began)


def in_bulk(escrows, homes, *, seconds: float) -> float:
    """Return how many transfers a second bulk_create makes, a thousand to a transaction."""
    from django.db import transaction
    from hordak.models import Leg, Transaction
    from moneyed import Money

    amount, done, began = Money(1, "EUR"), 0, time.perf_counter()
    while not done or time.perf_counter() - began < seconds:
        with transaction.atomic():
            made = Transaction.objects.bulk_create([Transaction() for _ in range(BATCH)])
            legs = []
            for one in made:
                legs.append(Leg(transaction=one, account=random.choice(escrows), credit=amount))
                legs.append(Leg(transaction=one, account=random.choice(homes), debit=amount))
            Leg.objects.bulk_create(legs)
        done += BATCH
    return done / (time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:5], float(sys.argv[5]))
