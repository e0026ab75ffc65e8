"""API keys: the smallest tracked thing, for tests of history."""

from backoffice.lib.models import ApiKey


def a_key(**fields):
    number = ApiKey.objects.count()
    values = {"name": f"key {number}", "prefix": f"hf_{number}", "secret_hash": f"{number:064x}", "scopes": []}
    return ApiKey.objects.create(**{**values, **fields})


def rename(key, name="renamed"):
    ApiKey.objects.filter(pk=key.pk).update(name=name)


def last_metadata(key):
    context = key.events.order_by("pgh_id").last().pgh_context
    return context and context.metadata
