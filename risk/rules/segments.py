"""Phone segments of China's virtual operators, which rent a network and sell numbers of their own. Pure data.

Numbering libraries name the host network, never the virtual operator, so the table is ours. `in_use_by` is a date by which the
source saw the segment in use, not its first day. Virtual operators' share of fraudulent cards was put at about 60 % in 2017; tens
of millions of ordinary people have such numbers all the same, so it is weak evidence, and never more.
"""

from dataclasses import dataclass
from datetime import date

TABLE_AS_OF = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class Segment:
    """`in_use_by` None: the day is not known to us, and the entry holds for all days. `in_use_until` None: it still is."""

    prefix: str
    host: str
    in_use_by: date | None
    source: str
    in_use_until: date | None = None
    is_for_things: bool = False

    def holds_on(self, day: date) -> bool:
        return (self.in_use_by is None or self.in_use_by <= day) and (self.in_use_until is None or day < self.in_use_until)


_LICENCES = "first licences of 2013-12-26, numbers sold from May 2014: 1700 Telecom, 1705 Mobile, 1709 Unicom"
_LIBRARY = "carrier data of phonenumbers 9.0 for the host network"
_REGISTRATION = "Ministry of Industry and Information Technology, November 2016: all numbers of 170 and 171 to be registered anew"
_THINGS = "numbering plan for the Internet of Things, allotted by the Ministry of Industry and Information Technology in 2017"
_MACHINES = "13-digit numbers 10646 to 10649 for machines; the day of opening is not known to us"
_LISTS = "operators' public lists of segments for resale; the day of opening is not known to us"

VIRTUAL_OPERATORS = (
    Segment("1700", "Telecom", date(2014, 5, 31), _LICENCES),
    Segment("1701", "Telecom", None, _LIBRARY),
    Segment("1702", "Telecom", None, _LIBRARY),
    Segment("1703", "Mobile", None, _LIBRARY),
    Segment("1704", "Unicom", None, _LIBRARY),
    Segment("1705", "Mobile", date(2014, 5, 31), _LICENCES),
    Segment("1706", "Mobile", None, _LIBRARY),
    Segment("1707", "Unicom", None, _LIBRARY),
    Segment("1708", "Unicom", None, _LIBRARY),
    Segment("1709", "Unicom", date(2014, 5, 31), _LICENCES),
    Segment("171", "Unicom", date(2016, 11, 30), _REGISTRATION),
    Segment("162", "Telecom", None, _LISTS),
    Segment("165", "Mobile", None, _LISTS),
    Segment("167", "Unicom", None, _LISTS),
)

# Ranges for machines: no person is reached by them, and cards for machines are cheap in bulk. Never more than weak evidence either.
THINGS = (
    Segment("140", "Unicom", date(2017, 8, 31), _THINGS, is_for_things=True),
    Segment("141", "Telecom", date(2017, 8, 31), _THINGS, is_for_things=True),
    Segment("144", "Mobile", date(2017, 8, 31), _THINGS, is_for_things=True),
    Segment("146", "Unicom", date(2017, 8, 31), _THINGS, is_for_things=True),
    Segment("148", "Mobile", date(2017, 8, 31), _THINGS, is_for_things=True),
    Segment("1064", "all", None, _MACHINES, is_for_things=True),
)


def virtual_operator(phone_segment: str, *, on: date = TABLE_AS_OF) -> Segment | None:
    """The entry for a number's first four digits on a day, or None where it is neither a virtual operator's nor a machine's."""
    known = (*VIRTUAL_OPERATORS, *THINGS)
    return next((segment for segment in known if phone_segment.startswith(segment.prefix) and segment.holds_on(on)), None)
