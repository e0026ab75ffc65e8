"""Documents: taken in as they came, of a few types that nothing runs, and never changed."""

import hashlib
from datetime import datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from backoffice.lib.errors import InvalidInput
from orders.models import Document
from orders.models.documents import MEDIA_TYPES, MOST_BYTES
from orders.services.texts import NOT_IN_A_REFERENCE

LONGEST_NAME = 200


def keep_document(stream: BinaryIO, *, name: str, by: Any, at: datetime) -> Document:
    """Keep a PDF, PNG or JPEG of at most 10 MB, told by the bytes it begins with. Raises InvalidInput for anything else.

    What it is called is only shown; the name is cut to its last part and to what can be stored.
    """
    content = stream.read(MOST_BYTES + 1)
    if not content:
        raise InvalidInput(_("The document is empty."))
    if len(content) > MOST_BYTES:
        raise InvalidInput(_("The document is larger than %s MB.") % (MOST_BYTES // 1024**2))
    media_type = next((kind for kind, start in MEDIA_TYPES.items() if content.startswith(start)), "")
    if not media_type:
        raise InvalidInput(_("The document is no PDF, PNG or JPEG."))
    return Document.objects.create(
        name=_plain_name(name),
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        uploaded_by=by,
        uploaded_at=at,
    )


def bytes_of(document: Document) -> bytes:
    return bytes(Document.objects.values_list("content", flat=True).get(pk=document.pk))


def _plain_name(name: str) -> str:
    last = name.replace("\\", "/").rpartition("/")[2]
    return NOT_IN_A_REFERENCE.sub("", last)[-LONGEST_NAME:].strip() or "document"
