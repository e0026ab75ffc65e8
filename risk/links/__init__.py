"""Which accounts hang together: components over values that join, capped, so that what many strangers share joins nobody.

Strong values join by themselves: a device, a recipient of top-ups that coupons paid for, an account that paid for orders with
coupons, a token of a restricted type that few used, a forged code that several showed. Weak ones join only as two independent ones
at once: the network address together with the time of registering, or of ordering. Two that share both share one composite value,
so no pairs are ever listed.
"""

from datetime import timedelta

from risk.facts import HUB_CAP

WINDOW = timedelta(days=30)
"""How far back claims and orders join."""

TOKEN_CAP = 10
"""A token of a restricted type that more customers used went public, or is a poster's: it joins nobody."""

MOST_IN_COMPONENT = 2_000
"""A larger component is reported and never acted on: it is more often a hub that nobody knows yet than a gang."""

MOST_HUBS = 500

CAPS = {"device": HUB_CAP, "recipient": HUB_CAP, "payment": HUB_CAP, "token": TOKEN_CAP, "forged": HUB_CAP, "together": HUB_CAP}
