"""What stands in the shop."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.parties import operations as parties
from consent.parties.models import Organisation, User
from rewards.redemption import policies
from rewards.redemption.models import Reward


@transaction.atomic(savepoint=False)
def offer_reward(
    *,
    provider: Organisation,
    kind: str,
    name_ko: str,
    name_en: str,
    words_ko: str,
    words_en: str,
    tokens: int,
    fits: Sequence[str],
    stock: int | None = None,
) -> Reward:
    """Put something into the shop.

    Args:
        fits: types of appliance it is made for; an empty list fits none in particular.
        stock: how many there are; None for as many as anybody asks for.

    Raises:
        IntegrityError: it costs nothing.
    """
    return Reward.objects.create(
        provider=provider,
        kind=Reward.Kind(kind),
        name_ko=name_ko,
        name_en=name_en,
        words_ko=words_ko,
        words_en=words_en,
        tokens=tokens,
        fits=list(fits),
        stock=stock,
    )


@transaction.atomic(durable=True)
def change_offer(*, reward_id: UUID, actor: User, stock: int | None, listed: bool, at: datetime) -> Reward:
    """Say how many are left and whether the shop shows it. Price and words stay: they were promised.

    Raises:
        NotYourOrder: `actor` is not staff of its provider.
        OrganisationSuspended: the provider may not act now.
    """
    reward = Reward.objects.lock(reward_id)
    policies.check_can_offer(actor, provider=reward.provider)
    reward.stock, reward.listed = stock, listed
    reward.save(update_fields=["stock", "listed"])
    parties.note(actor=str(actor.pk), action="reward.change", subject=f"reward:{reward.pk}", at=at)
    return reward
