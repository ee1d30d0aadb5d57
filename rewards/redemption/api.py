"""The wallet, the shop and its orders, for the people of a home. No key comes in here."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from consent.parties.paging import open_position, page_of, seal_position
from consent.parties.parsing import one_of
from consent.parties.seats import PAGING, MemberView
from rewards.ledger import statements
from rewards.ledger.errors import InvalidKey
from rewards.ledger.proof_serializers import StatementProofInput, StatementProofOutput
from rewards.redemption import operations, policies, queries
from rewards.redemption.models import Gift, Order, Reward
from rewards.redemption.serializers import (
    EntriesOutput,
    EntryOutput,
    GiftOutput,
    GiftsOutput,
    GiveInput,
    OrderOutput,
    OrdersOutput,
    PlaceOrderInput,
    RewardOutput,
    RewardsOutput,
    WalletOutput,
    order_document,
)

MAX_KEY = 190  # the ledger's keys end at 200


class ListRewards(MemberView):
    """GET /api/v1/rewards: what tokens are good for now; `fits` names types of appliance, `kind` one kind."""

    @extend_schema(
        responses=RewardsOutput,
        parameters=[
            OpenApiParameter("fits", str, many=True, description="A type of appliance; may be given several times."),
            OpenApiParameter("kind", str, enum=Reward.Kind.values),
            *PAGING,
        ],
    )
    def get(self, request: Request) -> Response:
        fits, kind = sorted(request.query_params.getlist("fits")), request.query_params.get("kind", "")
        rewards = Reward.objects.on_offer(timezone.now()).select_related("provider")
        if fits:
            rewards = rewards.fitting(fits)
        if kind:
            rewards = rewards.filter(kind=one_of(kind, Reward.Kind.values, name="kind"))
        page = page_of(
            rewards, by=("tokens", "id"), name=f"rewards:{fits}:{kind}", cursor=self.cursor, limit=self.limit
        )
        return Response({"data": RewardOutput(page.rows, many=True).data, "next_cursor": page.next_cursor})


class Orders(MemberView):
    """POST and GET /api/v1/orders: reserve one reward; the orders of the home, newest first."""

    @extend_schema(
        request=PlaceOrderInput,
        responses={201: OrderOutput},
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)],
    )
    def post(self, request: Request) -> Response:
        wanted = PlaceOrderInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        now = timezone.now()
        order = operations.place_order(
            reward_id=wanted.validated_data["reward"], actor=self.member, at=now, idempotency_key=_own_key(request)
        )
        return Response(order_document(order, at=now), status=201)

    @extend_schema(responses=OrdersOutput, parameters=PAGING)
    def get(self, request: Request) -> Response:
        orders = Order.objects.visible_to(request.user).with_reward()
        name = f"orders:{self.household.pk}"
        page = page_of(orders, by=("-placed_at", "-id"), name=name, cursor=self.cursor, limit=self.limit)
        listed = OrderOutput(page.rows, many=True, context={"at": timezone.now()}).data
        return Response({"data": listed, "next_cursor": page.next_cursor})


class CancelOrder(MemberView):
    """POST /api/v1/orders/<id>/cancel: every token comes back, until the order is fulfilled."""

    @extend_schema(request=None, responses=OrderOutput)
    def post(self, request: Request, order_id: UUID) -> Response:
        order = get_object_or_404(Order.objects.visible_to(request.user), pk=order_id)
        now = timezone.now()
        return Response(order_document(operations.cancel_order(order_id=order.pk, actor=self.member, at=now), at=now))


class Gifts(MemberView):
    """POST and GET /api/v1/gifts: give tokens to another home by its number; what was given and received."""

    @extend_schema(
        request=GiveInput,
        responses={201: GiftOutput},
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)],
    )
    def post(self, request: Request) -> Response:
        wanted = GiveInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data
        gift = operations.give_tokens(
            code=said["to"],
            tokens=said["tokens"],
            words=said["words"],
            actor=self.member,
            at=timezone.now(),
            idempotency_key=_own_key(request),
        )
        return Response(GiftOutput(gift, context={"household": self.household}).data, status=201)

    @extend_schema(responses=GiftsOutput, parameters=PAGING)
    def get(self, request: Request) -> Response:
        policies.check_can_see_wallet(self.member)
        gifts = Gift.objects.visible_to(request.user).select_related("giver", "taker")
        name = f"gifts:{self.household.pk}"
        page = page_of(gifts, by=("-given_at", "-id"), name=name, cursor=self.cursor, limit=self.limit)
        listed = GiftOutput(page.rows, many=True, context={"household": self.household}).data
        return Response({"data": listed, "next_cursor": page.next_cursor})


class ReturnGift(MemberView):
    """POST /api/v1/gifts/<id>/return: the home that got it gives it back, once."""

    @extend_schema(request=None, responses=GiftOutput)
    def post(self, request: Request, gift_id: UUID) -> Response:
        gift = get_object_or_404(Gift.objects.visible_to(request.user), pk=gift_id)
        returned = operations.return_gift(gift_id=gift.pk, actor=self.member, at=timezone.now())
        return Response(GiftOutput(returned, context={"household": self.household}).data)


class ShowWallet(MemberView):
    """GET /api/v1/wallet: what the home has, what reservations hold, and what will end."""

    @extend_schema(responses=WalletOutput)
    def get(self, request: Request) -> Response:
        policies.check_can_see_wallet(self.member)
        return Response(WalletOutput(queries.wallet_of(self.household, at=timezone.now())).data)


class ListEntries(MemberView):
    """GET /api/v1/wallet/entries: every token that came in or went out, with what caused it."""

    @extend_schema(responses=EntriesOutput, parameters=PAGING)
    def get(self, request: Request) -> Response:
        policies.check_can_see_wallet(self.member)
        name = f"entries:{self.household.pk}"
        before = open_position(self.cursor, name=name)
        page = queries.entries_of(self.household, before=before, limit=self.limit)
        next_cursor = seal_position(page.next_position, name=name) if page.next_position is not None else None
        return Response({"data": EntryOutput(page.entries, many=True).data, "next_cursor": next_cursor})


class ShowWalletProof(MemberView):
    """GET /api/v1/wallet/proof: the home's own statement, with the proof that nothing was left out of it.

    `verify_bundle.py` (`/ledger/verify_bundle.py`) checks it without Maru. It reaches as far as what is owed was last
    told in the log. Of the other side of each row it holds nothing but a hash behind a salt.
    """

    @extend_schema(
        responses=StatementProofOutput,
        parameters=[OpenApiParameter("kept", int, many=True, description="The size of a checkpoint that you kept.")],
    )
    def get(self, request: Request) -> Response:
        home = policies.check_can_take_proof(self.member)
        kept = StatementProofInput.parse(request.query_params)
        return Response(StatementProofOutput(statements.statement_of_home(home, kept=kept)).data)


def _own_key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if key and not (len(key) <= MAX_KEY and key.isprintable()):
        raise InvalidKey(key[:MAX_KEY])
    return key
