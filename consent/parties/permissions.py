"""Seats at the API's doors: who may call a view at all. What they see is decided by `visible_to`."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast

from allauth.account.authentication import get_authentication_records
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.parties.authentication import Machine
from consent.parties.errors import NotPermitted, OrganisationSuspended
from consent.parties.models import Household, MachineKey, Membership, Organisation, Seat, User

P = ParamSpec("P")


def person_of(request: HttpRequest) -> User:
    """Return the person who is signed in; for pages that let in nobody else."""
    return cast(User, request.user)


def membership_of(user: object) -> Membership | None:
    """Return the household place of a signed-in person, or None for anybody else."""
    return getattr(user, "membership", None) if not isinstance(user, Machine) else None


def own_membership(request: HttpRequest) -> Membership:
    """Return the household place of whoever opens one of a household's pages.

    Raises:
        Http404: they have none; for everybody else these pages do not exist.
    """
    membership = membership_of(request.user)
    if membership is None:
        raise Http404
    return membership


def seat_of(user: object) -> Seat | None:
    """Return the seat of a signed-in person, or None for anybody else."""
    return getattr(user, "seat", None) if not isinstance(user, Machine) else None


def audits(user: object) -> bool:
    """Tell whether somebody, or a key, keeps watch over the books: the platform's auditors and nobody else's.

    Another organisation may have auditors of its own. Maru's books are not theirs to read: they would tell a buyer
    who was asked.
    """
    if isinstance(user, Machine):
        organisation, may = user.key.organisation, MachineKey.Scope.AUDIT in user.key.scopes
    else:
        seat = seat_of(user)
        organisation, may = (seat.organisation, seat.role == Seat.Role.AUDITOR) if seat else (None, False)
    return may and organisation is not None and organisation.kind == Organisation.Kind.PLATFORM


def organisation_of(user: object, *, scope: str) -> Organisation | None:
    """Return the organisation a person sits in, or that a key with `scope` belongs to."""
    if isinstance(user, Machine):
        return user.key.organisation if scope in user.key.scopes else None
    seat = seat_of(user)
    return seat.organisation if seat else None


def buyer_of(request: HttpRequest) -> Organisation:
    """Return the buyer that somebody sits at.

    Raises:
        Http404: they sit at none; for everybody else a buyer's pages do not exist.
    """
    seat = seat_of(request.user)
    if seat is None or seat.organisation.kind != Organisation.Kind.BUYER:
        raise Http404
    return seat.organisation


def household_of(user: object) -> Household:
    """Return the household that a hub's key speaks for.

    Raises:
        NotPermitted: it is not a hub's key.
    """
    if not isinstance(user, Machine) or user.key.household is None:
        raise NotPermitted(gettext("우리 집 허브의 열쇠로만 할 수 있는 일이에요."))
    return user.key.household


def has_second_factor(request: Request | HttpRequest) -> bool:
    """Tell whether this session was opened with a second factor or a passkey."""
    return any(entry.get("method") == "mfa" for entry in get_authentication_records(request, request.user))


def members_only(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let a household's member onto a page; a stranger signs in first, and to anybody else it is closed.

    Whoever has no place at all yet is led to where a home is opened.
    """

    @login_required
    @never_cache
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if membership_of(request.user) is None:
            if request.method == "GET" and seat_of(request.user) is None:
                return redirect("home")
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


class IsMember(BasePermission):
    """A signed-in member of a household; never a key."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return membership_of(request.user) is not None


class IsHub(BasePermission):
    """A household's key that may send insights."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        return isinstance(user, Machine) and bool(user.key.household_id) and MachineKey.Scope.INGEST in user.key.scopes


class IsBuyer(BasePermission):
    """A buyer's person, or a buyer's key with the scope the view names in `key_scope`.

    The keys of a stopped buyer open only views that say `is_open_to_stopped`: what it still has to do.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        scope = getattr(view, "key_scope", MachineKey.Scope.RECORDS)
        organisation = organisation_of(request.user, scope=scope)
        if organisation is None or organisation.kind != Organisation.Kind.BUYER:
            return False
        is_stopped = isinstance(request.user, Machine) and organisation.suspended_at is not None
        if is_stopped and not getattr(view, "is_open_to_stopped", False):
            raise OrganisationSuspended(gettext("지금은 멈춰 있는 기관이에요. 마루에 말씀해 주세요."))
        return True


class IsAuditor(BasePermission):
    """An auditor's session with a second factor, or a read-only auditor key."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return audits(request.user) and (isinstance(request.user, Machine) or has_second_factor(request))
