"""How templates write times and amounts: as the columns of lists do."""

from functools import partial

from django.template import Library

from backoffice.lib.aloud import aloud, word
from backoffice.lib.display import amount_text, count_text, duration_text, time_html

register = Library()
register.filter("moment", time_html)
register.filter("amount", amount_text)
register.filter("counted", count_text)
register.filter("duration", duration_text)
register.filter("word", word)
register.filter("ours", partial(aloud, is_ours=True))
