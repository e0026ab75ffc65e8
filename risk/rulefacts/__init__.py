"""The facts that rules may ask for, each told once: what it means to staff, and the SQL that reads it as of the event's own time.

The same SQL serves an order that is assessed now and a backtest over a past month, so both see the same values: nothing later than
the event is read. Pure: text only; `risk.rulegathering` runs it.
"""

from risk.rulefacts.book import BOOKS, Book, statement_of
from risk.rulefacts.listed import look_ups

__all__ = ["BOOKS", "Book", "look_ups", "statement_of"]
