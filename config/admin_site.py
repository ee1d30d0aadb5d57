"""The admins' desk: Django's admin behind allauth's sign-in and a second factor."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from consent.parties.permissions import has_second_factor
from consent.parties.views import ask_for_second_factor


class Desk(AdminSite):
    """Every page of the admin asks here first."""

    site_header = site_title = _("마루 운영")
    index_title = _("살펴보고 고치는 곳")

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and has_second_factor(request)

    # Django's own form knows the password only: no one signs in by it, so nothing is posted here.
    @method_decorator([require_safe, never_cache, secure_admin_login])
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead staff whose session has no second factor to one; everybody else is sent away or on."""
        if not has_second_factor(request):
            return ask_for_second_factor(request, back=request.GET.get("next", request.path))
        return super().login(request, extra_context)
