"""JSON as the API reads it: UTF-8 (RFC 8259), each name once, no NaN or Infinity, no nesting beyond what a parser can bear.

Named in the settings of DRF, so it must not live beside views.
"""

import json
import re
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class StrictJSONParser(BaseParser):
    """Refuses with a ParseError (400) what two readers could understand differently."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Any = None,
    ) -> Any:
        try:
            text = stream.read().decode("utf-8")
            return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
        except UnicodeDecodeError as error:
            raise ParseError(_("The body is not UTF-8.")) from error
        except RecursionError as error:
            raise ParseError(_("The body is nested too deeply.")) from error
        except ValueError as error:
            raise ParseError(_("The body is not JSON.")) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ParseError(_("A name stands twice in one object."))
    if not all(FIELD_NAME.fullmatch(name) for name in members):
        raise ParseError(_("The name of a field has letters, digits and underscores only."))
    return members


def _refuse_constant(_name: str) -> Any:
    raise ParseError(_("NaN and Infinity are not JSON."))
