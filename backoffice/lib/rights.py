"""Rights in words."""

from django.contrib.auth.models import Permission
from django.utils.translation import gettext as _


def right_words(right: Permission) -> str:
    """Django keeps the names of rights in English: its own four for each model, and ours as the models declare them."""
    plain = {"add": _("Can add %s"), "change": _("Can change %s"), "delete": _("Can delete %s"), "view": _("Can view %s")}
    action, _underscore, model = right.codename.partition("_")
    return str(plain[action] % right.content_type.name if action in plain and model == right.content_type.model else _(right.name))
