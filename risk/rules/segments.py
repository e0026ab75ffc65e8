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
    prefix: str
    host: str
    in_use_by: date | None
    source: str


_LICENCES = "first licences of 2013-12-26, numbers sold from May 2014: 1700 Telecom, 1705 Mobile, 1709 Unicom"
_LIBRARY = "carrier data of phonenumbers 9.0 for the host network"
_REGISTRATION = "Ministry of Industry and Information Technology, November 2016: all numbers of 170 and 171 to be registered anew"
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


def virtual_operator(phone_segment: str) -> Segment | None:
    """The entry for a number's first four digits, or None where no virtual operator sells such numbers."""
    return next((segment for segment in VIRTUAL_OPERATORS if phone_segment.startswith(segment.prefix)), None)
