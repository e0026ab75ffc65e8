"""What every view of the storefront's API is: JSON in and out, a scope for each method, errors as problems."""

from collections.abc import Iterable
from typing import Any, NoReturn

from django.http import Http404
from django.urls import register_converter
from django.urls.converters import StringConverter
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, NotFound
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import CursorPagination
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from backoffice.lib.fields import REF_PATTERN
from backoffice.lib.models.api_key import Scope
from backoffice.lib.openapi import StorefrontSchema

LONGEST_POSITION = 18  # digits of a row's id


class RefConverter(StringConverter):
    """The storefront's name for something of its own, in an address. Anything else there is no address of ours."""

    regex = REF_PATTERN.strip("^$")


register_converter(RefConverter, "ref")


class AlwaysJson(DefaultContentNegotiation):
    """We answer JSON whatever is asked for: a program that sends a careless Accept still gets its error."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class StorefrontView(APIView):
    """`scopes` names what a key needs for each method; a method that names none is open to nobody.

    `query_names` are the parameters that the route knows; others are refused, so that nobody believes to have filtered by them.
    """

    scopes: dict[str, Scope] = {}
    query_names: frozenset[str] = frozenset()
    content_negotiation_class = AlwaysJson
    http_method_names = ["get", "head", "post"]
    schema = StorefrontSchema()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not self.query_names.issuperset(request.query_params):
            raise UnknownParameter


class UnknownParameter(APIException):
    status_code = 400
    default_code = "unknown_parameter"
    default_detail = _("The address has a parameter that this route does not know.")


class NewestFirst(CursorPagination):
    """Pages by id, so that rows that arrive while somebody reads neither repeat nor hide others."""

    ordering = "-id"

    def decode_cursor(self, request: Request) -> Any:
        """Raises NotFound for a cursor that we did not give."""
        cursor = super().decode_cursor(request)
        position: Any = cursor.position if cursor else None
        if position is not None and not (position.isascii() and position.isdigit() and len(position) <= LONGEST_POSITION):
            raise NotFound(self.invalid_cursor_message)
        return cursor


class NoSuchRoute(StorefrontView):
    """Answers for every address below the API's root that is no route, whoever asks."""

    schema = None  # type: ignore[assignment]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        raise Http404
