"""Where an admin sees who takes part. People and homes are only looked at; every change is noted."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils import formats, timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.parties import operations
from consent.parties.models import Area, Household, MachineKey, Membership, Organisation, Seat, User
from consent.parties.permissions import person_of


def column(field: str, heading: Any, *, is_flag: bool = False) -> Callable[[Model], Any]:
    """Return one field of a row under a heading for people, a choice as it is said; rows can be sorted by it."""

    @admin.display(description=heading, ordering=field, boolean=is_flag)
    def shown(row: Model) -> Any:
        say = getattr(row, f"get_{field}_display", None)
        return _written(say() if say else getattr(row, field))

    shown.__name__ = field
    return shown


def _written(value: Any) -> Any:
    """Write a value as it is read: a page of one row shows what a column returns as it is."""
    if isinstance(value, datetime):
        return formats.localize(timezone.localtime(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "-" if value in (None, "") else value


def choices(heading: Any) -> type[admin.ChoicesFieldListFilter]:
    """Return a filter by one choice, under a heading for people."""

    class Choices(admin.ChoicesFieldListFilter):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.title = heading

    return Choices


class OnlyLooked(admin.ModelAdmin):
    """A list that nobody changes from here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Untitled(admin.ModelAdmin):
    """Rows without a name that people know them by: the page of one is headed by its kind alone."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "subtitle": None})


class Noted(admin.ModelAdmin):
    """A list whose every change leaves a line in the audit trail. Nothing is deleted: others point at it."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        operations.note(
            actor=str(request.user.pk),
            action=f"{obj._meta.model_name}.{'change' if change else 'add'}",
            subject=f"{obj._meta.model_name}:{obj.pk}",
            at=timezone.now(),
            reason=", ".join(form.changed_data)[:400],
        )


@admin.register(Organisation)
class OrganisationAdmin(Noted):
    list_display = (
        "own_name",
        column("kind", _("종류")),
        column("verified_at", _("확인한 때")),
        column("suspended_at", _("멈춘 때")),
    )
    list_filter = (("kind", choices(_("종류"))),)
    search_fields = ("name_ko", "name_en")

    @admin.display(description=_("이름"), ordering="name_ko")
    def own_name(self, organisation: Organisation) -> str:
        return organisation.name

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        # What an organisation is, is part of every agreement made with it, and its words stand in every open question:
        # they change only while it is suspended or not verified, which voids those questions.
        if not isinstance(obj, Organisation):
            return ()
        return ("kind", "name_ko", "name_en", "address", "contact") if obj.is_active else ("kind",)


class SeatForm(ModelForm):
    def clean_user(self) -> User:
        """Keep those who ask and those who answer apart; the row is locked, as by whoever joins a home."""
        person = User.objects.select_for_update().get(pk=self.cleaned_data["user"].pk)
        if "user" in self.changed_data and Membership.objects.filter(user=person).exists():
            raise ValidationError(gettext("한 집의 식구예요. 식구인 분께는 기관의 자리를 드릴 수 없어요."))
        return person


@admin.register(Seat)
class SeatAdmin(Noted):
    form = SeatForm
    list_display = (
        column("user", _("사람")),
        column("organisation", _("기관")),
        column("role", _("역할")),
        column("since", _("언제부터")),
    )
    list_filter = (("role", choices(_("역할"))),)
    list_select_related = ("user", "organisation")
    autocomplete_fields = ("user", "organisation")

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        if isinstance(obj, Seat) and form.has_changed():
            obj.since = timezone.now()
        super().save_model(request, obj, form, change)


@admin.register(Area)
class AreaAdmin(Noted):
    list_display = (
        column("code", _("부호")),
        column("name_ko", _("이름")),
        column("name_en", _("영어 이름")),
        column("parent", _("속한 곳")),
        column("households", _("가구 수")),
    )
    list_select_related = ("parent",)


@admin.register(User)
class UserAdmin(OnlyLooked):
    list_display = (
        column("email", _("이메일")),
        column("name", _("이름")),
        column("is_active", _("들어올 수 있음"), is_flag=True),
        column("is_staff", _("운영"), is_flag=True),
        column("joined_at", _("들어온 때")),
    )
    search_fields = ("email", "name")
    fields = readonly_fields = (*list_display, "speaks")  # type: ignore[assignment]

    @admin.display(description=_("언어"), ordering="locale")
    def speaks(self, user: User) -> str:
        return dict(settings.LANGUAGES).get(user.locale, user.locale)


@admin.register(Household)
class HouseholdAdmin(OnlyLooked):
    list_display = (column("name", _("이름")), column("area", _("동네")), column("joined_at", _("들어온 때")))
    fields = readonly_fields = list_display  # type: ignore[assignment]
    list_select_related = ("area",)


@admin.register(Membership)
class MembershipAdmin(OnlyLooked):
    list_display = (
        column("user", _("사람")),
        column("household", _("가구")),
        column("role", _("역할")),
        column("since", _("언제부터")),
    )
    fields = readonly_fields = list_display  # type: ignore[assignment]
    list_select_related = ("user", "household")


@admin.register(MachineKey)
class MachineKeyAdmin(OnlyLooked):
    """Keys by their prefix, an organisation's by their label too; what a home calls its own is the home's alone.

    The hash of the secret is nobody's business.
    """

    list_display = (
        column("prefix", _("앞자리")),
        "label_of_organisation",
        column("organisation", _("기관")),
        column("household", _("가구")),
        "may_do",
        column("expires_at", _("마지막 날")),
        column("revoked_at", _("거둔 때")),
    )
    list_select_related = ("organisation", "household")
    fields = readonly_fields = list_display  # type: ignore[assignment]
    actions = ("revoke",)

    @admin.display(description=_("할 수 있는 일"), ordering="scopes")
    def may_do(self, key: MachineKey) -> str:
        return ", ".join(str(MachineKey.Scope(scope).label) for scope in key.scopes)

    @admin.display(description=_("이름"))
    def label_of_organisation(self, key: MachineKey) -> str:
        return key.label if key.organisation_id else ""

    @admin.action(description=_("고른 열쇠를 바로 끝내기"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, keys: QuerySet[MachineKey]) -> None:
        for key in keys:
            operations.revoke_key(key=key, actor=person_of(request), at=timezone.now())

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("parties.change_machinekey"))
