"""What stands between an MQTT broker and Maru: who may sign in there, what is on its way, what was turned away."""

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import pgettext_lazy

from marketplace.appliances.models.pairings import PairedKey, Pairing


class BrokerLoginQuerySet(models.QuerySet["BrokerLogin"]):
    def standing(self) -> "BrokerLoginQuerySet":
        """Leave the passwords made since a key of their pairing was ended: its holder may know those of before."""
        asked_at = OuterRef("changed_at")
        ended_since = Q(revoked_at__gte=asked_at) | Q(machine_key__revoked_at__gte=asked_at)
        ended = PairedKey.objects.filter(ended_since, pairing=OuterRef("pairing"))
        return self.filter(~Exists(ended), pairing__ended_at=None)


class BrokerLogin(models.Model):
    """A pairing's name and password at the broker. The name is the pairing's id; of the password only a hash is kept.

    Signed messages count from `made_at` on, and their ids are remembered for as long as a broker may hold them.
    """

    pairing = models.OneToOneField(Pairing, on_delete=models.CASCADE, primary_key=True, related_name="broker_login")
    #: As Mosquitto's password file has it.
    password_hash = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = BrokerLoginQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("model", "브로커 출입")
        verbose_name_plural = pgettext_lazy("models", "브로커 출입")

    def __str__(self) -> str:
        return str(self.pairing_id)


class Arrival(models.Model):
    """A publication that says neither its id nor its time, under the packet number the broker delivers it with.

    Delivered again under the same number, it gets the same token, and is known. There is one row a number at most.
    """

    client = models.CharField(max_length=64)
    packet = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    token = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "오는 중인 전갈")
        verbose_name_plural = pgettext_lazy("models", "오는 중인 전갈")
        constraints = [models.UniqueConstraint(fields=["client", "packet"], name="arrival_one_per_packet")]
        indexes = [models.Index(fields=["at"], name="arrival_to_prune")]

    def __str__(self) -> str:
        return f"{self.client} {self.packet}"


class TurnedAway(models.Model):
    """How often what a pairing published was refused under one code, and when it last was; never what it said.

    Without a pairing it is what came under no topic of ours. There is one row a pairing and code.
    """

    pairing = models.ForeignKey(Pairing, on_delete=models.CASCADE, null=True, related_name="turned_away")
    code = models.CharField(max_length=64)
    times = models.PositiveBigIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        verbose_name = pgettext_lazy("model", "돌려보낸 전갈")
        verbose_name_plural = pgettext_lazy("models", "돌려보낸 전갈")
        constraints = [
            models.UniqueConstraint(
                fields=["pairing", "code"], name="turned_away_one_per_pairing_and_code", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["last_at"], name="turned_away_to_prune")]

    def __str__(self) -> str:
        return f"{self.code} × {self.times}"


class BridgeBeat(models.Model):
    """The last sign of life of one bridge: when it was last connected to the broker and could write here."""

    client = models.CharField(max_length=64, primary_key=True)
    seen_at = models.DateTimeField()
    connected_at = models.DateTimeField()
    #: Publications since the bridge was first started, refused ones included.
    publications = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = pgettext_lazy("model", "MQTT 다리")
        verbose_name_plural = pgettext_lazy("models", "MQTT 다리")

    def __str__(self) -> str:
        return self.client
