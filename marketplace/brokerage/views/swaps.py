"""Answers that the household's pages share."""

from django.http import HttpRequest, HttpResponseRedirect


class SeeOther(HttpResponseRedirect):
    """303: after a POST, go and look there; reloading posts nothing again."""

    status_code = 303


def see_other(address: str) -> SeeOther:
    """Return the way back to a page after a form was posted."""
    return SeeOther(address)


def is_swap(request: HttpRequest) -> bool:
    """Tell whether htmx asks for one element; it swaps only a 200."""
    return bool(getattr(request, "htmx", False))


def swap_target(request: HttpRequest) -> str:
    """Return the id of the element that htmx will put the answer into."""
    return str(request.headers.get("HX-Target", ""))
