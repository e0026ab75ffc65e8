"""How the API describes itself: keys, idempotency, problems. Everything here is documentation; nothing of it decides."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from backoffice.lib.fields import TextsField
from backoffice.lib.idempotency import HEADER, KEY_PATTERN
from backoffice.lib.problems import CONTENT_TYPE, problem

# What any route can answer: code -> (status, when).
COMMON = {
    "not_authenticated": (401, _("No API key was sent, or none that we know.")),
    "authentication_failed": (401, _("The API key does not exist or was revoked.")),
    "unknown_parameter": (400, _("The address has a parameter that this route does not know.")),
    "permission_denied": (403, _("The API key lacks the scope for this.")),
    "unavailable": (503, _("The database did not answer. Nothing was kept: send the same request again.")),
}
# What any POST can answer besides.
OF_A_POST = {
    "invalid": (400, _("Fields are missing, unknown, or of another kind: see `errors`.")),
    "parse_error": (400, _("The body is no JSON that we read.")),
    "idempotency_key_missing": (400, _("No Idempotency-Key, or not one of 1 to 255 visible ASCII characters.")),
    "idempotency_key_in_use": (409, _("The first request with this key is still running. Send it again in a moment.")),
    "length_required": (411, _("The body came in chunks, without its length.")),
    "body_too_large": (413, _("The body has more than a mebibyte.")),
    "unsupported_media_type": (415, _("The body is not application/json.")),
    "idempotency_key_reused": (422, _("The key was used for another request.")),
    "invalid_input": (422, _("Each field can be read, but together they cannot be what is meant.")),
}


class ErrorSerializer(serializers.Serializer):
    """One thing that is wrong with the input."""

    pointer = serializers.CharField(help_text=_("JSON pointer into the body."))
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """An error, as RFC 9457 has it. Programs decide by `code`."""

    type = serializers.CharField(help_text=_("urn:holdfast:problem: and the code."))
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField(help_text=_("A sentence for people."))
    errors = ErrorSerializer(  # type: ignore[assignment]
        many=True, help_text=_("What is wrong with the input, or why parts of it are refused.")
    )


def documented(codes: dict[str, tuple[int, Any]]) -> dict[tuple[int, str], OpenApiResponse]:
    """Problems as responses for `extend_schema`: one response a status, with an example for each code."""
    by_status: dict[int, dict[str, Any]] = {}
    for code, (status, when) in codes.items():
        by_status.setdefault(status, {})[code] = when
    return {
        (status, CONTENT_TYPE): OpenApiResponse(
            ProblemSerializer,
            description=" ".join(f"`{code}`: {when}" for code, when in found.items()),
            examples=[_example(status, code, when) for code, when in found.items()],
        )
        for status, found in sorted(by_status.items())
    }


def _example(status: int, code: str, when: Any) -> OpenApiExample:
    errors = [{"pointer": "#/channel", "code": "required", "detail": "This field is required."}] if code == "invalid" else []
    body = problem(status, code, when, errors)
    return OpenApiExample(code, value=body, response_only=True, status_codes=[str(status)], media_type=CONTENT_TYPE)


class StorefrontSchema(AutoSchema):
    """Adds to what a view documents what holds for all of them. `problems` of a view names, by method, its own codes."""

    def get_override_parameters(self) -> list[Any]:
        if not self._is_idempotent():
            return []
        return [
            OpenApiParameter(
                HEADER,
                type={"type": "string", "pattern": KEY_PATTERN, "minLength": 1, "maxLength": 255},
                location=OpenApiParameter.HEADER,
                required=True,
                description=_(
                    "A new one for each thing that you want done, the same one when you ask again. The same key with the same "
                    "body gets the same answer, byte for byte and for 48 hours, with the header `Idempotency-Replayed: true`."
                ),
                examples=[OpenApiExample("key", value="7f0c1c9e-9d5f-4c53-9a55-6c9a1f1f3a10")],
            )
        ]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        codes = COMMON | (OF_A_POST if self._is_idempotent() else {}) | getattr(self.view, "problems", {}).get(self.method, {})
        problems = {
            str(status): self._get_response_for_code(response, str(status), [media_type], direction)
            for (status, media_type), response in documented(codes).items()
        }
        return super()._get_response_bodies(direction) | problems

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """`ClaimInput` and `ClaimOutput` are ClaimRequest and Claim."""
        return str(super().get_serializer_name(serializer, direction)).removesuffix("Input").removesuffix("Output")

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        schema = super()._map_basic_serializer(serializer, direction)
        if direction == "request":
            for name, field in force_instance(serializer).fields.items():
                schema["properties"][name] |= getattr(field, "documented", {})
            return schema | {"additionalProperties": False}
        return schema | {"required": sorted(schema.get("properties", {}))}  # an answer always has all its fields

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)
        if isinstance(field, serializers.ListSerializer) and direction == "request":
            return schema | {"minItems": 0 if field.allow_empty else 1, "maxItems": field.max_length}  # type: ignore[attr-defined]
        if isinstance(field, TextsField):
            schema["items"] |= getattr(field.child, "documented", {})
        return schema

    def _is_idempotent(self) -> bool:
        return getattr(getattr(self.view, self.method.lower(), None), "is_idempotent", False)


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "backoffice.lib.apikeys.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": str(_("`Api-Key` and the key, with a space between them. Keys are made by staff and shown once.")),
        }
