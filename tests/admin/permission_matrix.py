"""Who gets into which page of the admin. A route without a row here fails the test, and so does a row without a route.

Letters: O promotions operator, A promotions approver, N risk analyst, L risk lead, U auditor, S support, R superuser.
"""

from dataclasses import dataclass, field

ROLES = {
    "O": "promotions operator",
    "A": "promotions approver",
    "N": "risk analyst",
    "L": "risk lead",
    "U": "auditor",
    "S": "support",
    "R": "superuser",
}
EVERYBODY = "OANLUSR"
NOBODY = ""


@dataclass(frozen=True)
class Model:
    """A model's pages. `see` opens list, object and history; nobody deletes. `steps` are the buttons of its pages, `actions` what
    can be done with a selection, `pages` our own pages of it. All are tried on the newest row, or on the one that `sample` names.
    """

    see: str
    add: str = NOBODY
    edit: str = NOBODY
    steps: dict[str, str] = field(default_factory=dict)
    actions: dict[str, str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    sample: dict[str, str] = field(default_factory=dict)


STOPPERS = "OANLR"
EXPORTERS = "OANLR"  # whoever sees a list and is one of these takes its rows out
RULE_STEPS = {"ask_for_a_rule": "OR", "ask_to_end_a_rule": "OR"}
CHANGING = {"ask_to_change": "OR", "narrow": STOPPERS, "drop": "OR"}
STOPPED_BY_LEADS = {"pause": "LR", "go_on": "LR", "cancel": "LR"}
OF_LIFE = {"ask_to_go_live": "OR", "ask_to_resume": "OR"}
MODELS = {
    "promotions_campaign": Model(
        see=EVERYBODY,
        add="OR",
        edit="OR",
        steps={"pause": STOPPERS, "end": STOPPERS, "duplicate": "OR", **OF_LIFE, **CHANGING, **RULE_STEPS},
        actions={"pause_several": STOPPERS, "end_several": STOPPERS},
    ),
    "promotions_coupontype": Model(
        see=EVERYBODY,
        add="OR",
        edit="OR",
        steps={"suspend": STOPPERS, "end": STOPPERS, **OF_LIFE, **CHANGING, **RULE_STEPS},
        actions={"suspend_several": STOPPERS, "end_several": STOPPERS},
    ),
    "promotions_entry": Model(
        see=EVERYBODY,
        add="OR",
        edit="OR",
        steps={"ask_to_open": "OR", "suspend": STOPPERS, "ask_to_resume": "OR", "close": STOPPERS, **CHANGING},
        actions={"suspend_several": STOPPERS, "close_several": STOPPERS},
    ),
    "promotions_tokenbatch": Model(
        see="OANLUR", add="OR", steps={"revoke": "OALR", "pause": "OR", "go_on": "OR", "cancel": "OR"}, pages={"export": "OR"}
    ),
    "promotions_claimtoken": Model(see="OANLUR", steps={"revoke": "OALR"}),
    # The newest grant is a draft, the one before it was given and is being voided.
    "promotions_grant": Model(
        see="OANLUR",
        add="OR",
        steps={"ask": "OR", "discard": "OR", "stop": STOPPERS, "go_on": "OR", "ask_to_void": "OR"},
        pages={"results": "OANLUR"},
    ),
    "promotions_grantitem": Model(see="OANLUR"),
    "promotions_grantvoid": Model(see="OANLUR"),
    "promotions_grantvoiditem": Model(see="OANLUR"),
    "promotions_customer": Model(see=EVERYBODY),
    "promotions_claim": Model(see=EVERYBODY),
    "promotions_coupon": Model(see=EVERYBODY, steps={"freeze": STOPPERS, "thaw": "ALR", "void": "ALR"}),
    "promotions_redemption": Model(see=EVERYBODY),
    "promotions_identityblock": Model(see="OANLUR", add=STOPPERS, steps={"lift": "ANLR"}),
    "promotions_nobodyvalue": Model(see="OANLUR", add="LR", steps={"take_off": "LR", "put_back": "LR"}),
    "promotions_threshold": Model(
        see="OANLUR", add="OALR", edit="ALR", steps={"rearm": "ALR", "ask_to_change": "OLR", "narrow": "ALR"}
    ),
    "promotions_alarm": Model(see="OANLUR", steps={"acknowledge": STOPPERS, "suspend": STOPPERS}),
    "promotions_redemptionhold": Model(see="ANLUR", steps={"ask_to_lift": "NLR"}),
    "promotions_alarmrecipient": Model(see="LUR", add="LR", edit="LR"),
    "promotions_escalationstep": Model(see="LUR", add="LR", edit="LR"),
    "lib_webhookendpoint": Model(
        see="LUR", add="R", edit="R", steps={"send_test": "LR", "new_secret": "R", "switch_off": "R", "switch_on": "R"}
    ),
    "lib_delivery": Model(see="LUR", steps={"send_again": "LR"}),
    "orders_order": Model(see="NLUSR", steps={"hold": "NLR", "cancel": "NLSR"}, actions={"freeze": "NLR"}),
    "orders_notice": Model(see="NLUSR"),
    "orders_hold": Model(see="NLUSR", steps={"release": "NLR"}, actions={"ask_release": "NLR"}),
    "orders_freeze": Model(
        see="NLUR",
        steps={"extend": "NLR", **STOPPED_BY_LEADS},
        pages={"ask": "NLR", "release": "NLR", "record": "NLR", "results": "NLR"},
    ),
    "orders_freezeitem": Model(see="NLUR"),
    "orders_release": Model(see="NLUR", steps=STOPPED_BY_LEADS, pages={"record": "NLR", "results": "NLR"}),
    "orders_emergency": Model(see="NLUR"),
    "orders_holdbreaker": Model(see="NLUR", edit="LR", steps={"stop": "NLR", "ask_to_start": "NLR"}),
    "orders_missedhold": Model(
        see="NLUR", steps={"hold": "NLR", "leave": "NLR"}, actions={"hold_several": "NLR", "leave_several": "NLR"}
    ),
    "orders_deliverywait": Model(see="NLUR"),
    "orders_termreminder": Model(see="NLUR", add="LR", edit="LR"),
    "orders_releaseitem": Model(see="NLUR"),
    "orders_document": Model(see="NLUR", pages={"download": "NLUR"}),
    "orders_orderlist": Model(see="NLUR"),
    # The newest import is checked, the one before it was loaded.
    "orders_orderimport": Model(
        see="LUR", add="LR", steps={"load": "LR", "discard": "LR", **STOPPED_BY_LEADS}, pages={"mapping": "LR", "results": "LUR"}
    ),
    "orders_importrow": Model(see="LUR"),
    "orders_importedinvoice": Model(see="LUR"),
    "orders_importmapping": Model(see="LUR"),
    "risk_flag": Model(
        see="NLUR",
        steps={"clear": "NLR", "confirm": "NLR"},
        actions={"freeze": "NLR", "open_incident": "NLR", "decide_several": "LR"},
    ),
    "risk_review": Model(
        see="NLUR",
        pages={
            **dict.fromkeys(("next", "undo", "renew", "take", "leave", "decide", "appeal", "skip", "escalate"), "NLR"),
            "assign": "LR",
        },
    ),
    "risk_reviewterms": Model(see="NLUR", edit="LR"),
    "risk_appeal": Model(see="NLUR"),
    "risk_bulkreview": Model(see="NLUR", steps={"undo": "LR"}),
    "risk_bulkreviewitem": Model(see="NLUR"),
    "risk_finding": Model(see="NLUR"),
    "risk_assessment": Model(see="NLUR"),
    "risk_customerdisposition": Model(
        see="NLUR",
        steps={"call_organised": "NLR", "call_swept_along": "NLR", "call_undetermined": "NLR", "as_found": "NLR"},
    ),
    "risk_burst": Model(see="NLUR"),
    "risk_linkhub": Model(see="NLUR", pages={"picture": "NLUR", "neighbours": "NLUR"}),
    "risk_allowance": Model(see="NLUR", add="LR", steps={"lift": "NLR"}),
    "risk_rule": Model(see="NLUR", add="NLR", pages={"write": "NLR"}),
    "risk_ruleversion": Model(
        see="NLUR", steps={"shadow": "NLR", "ask_to_publish": "NLR", "narrow": "NLR", "retire": "NLR", "backtest": "NLR"}
    ),
    "risk_rulehit": Model(see="NLUR"),
    "risk_valuelist": Model(see="NLUR", add="NLR", steps={"put_on": "NLR", "put_many_on": "NLR", "retire": "NLR"}),
    "risk_valuelistitem": Model(see="NLUR", steps={"take_off": "NLR"}, actions={"take_off_several": "NLR"}),
    "risk_listentry": Model(see="NLUR", add="NLR", steps={"end": "NLR"}),
    "risk_snooze": Model(see="NLUR", add="NLR", steps={"end": "NLR"}),
    # The newest incident is open, and its bundle is sealed.
    "risk_incident": Model(
        see="NLUR",
        add="NLR",
        steps={
            **dict.fromkeys(("note", "figures", "contain", "hand_over", "close", "reopen", "owner", "judge"), "NLR"),
            **dict.fromkeys(("anchor", "drop_anchor"), "NLR"),
            "bundle": "LR",
        },
        pages={"trace": "NLUR"},
    ),
    "risk_incidentmember": Model(see="NLUR", steps={"overrule": "NLR"}),
    "risk_evidencebundle": Model(see="NLUR", pages={"take": "LR"}),
    # The newest approval is a freeze that the risk analyst asked for: only he takes it back, only who approves freezes decides.
    "lib_approval": Model(see="OANLUR", steps={"approve": "LR", "reject": "LR", "withdraw": "N"}),
    # Cancelled by whoever has the right for what it works: here a freeze.
    "lib_job": Model(
        see="OANLUR",
        steps={"pause": "LR", "go_on": "LR", "cancel": "LR"},
        pages={"progress": "OANLUR"},
        sample={"kind": "freeze"},
    ),
    "lib_checkrun": Model(see="OANLUR"),
    "lib_listexport": Model(see="LUR"),
    "lib_apikey": Model(see="UR", add="R", steps={"revoke": "R"}),
    "django_celery_beat_periodictask": Model(see="OANLUR", edit="LR", steps={"run_now": "LR"}),
    "django_celery_beat_intervalschedule": Model(see="UR"),
    "django_celery_beat_crontabschedule": Model(see="UR"),
    "django_celery_beat_solarschedule": Model(see="UR"),
    "django_celery_beat_clockedschedule": Model(see="UR"),
    "auth_user": Model(see="UR", add="R", edit="R", pages={"password_change": "R"}, sample={"username": "newcomer"}),
    "auth_group": Model(see="UR"),
    "pghistory_events": Model(see="UR"),
}

# Pages of no model, with the address they are tried at. "staff" is everybody who may log in, with or without a group.
PAGES = {
    "index": "staff",
    "search": "staff",
    "password_change": "staff",
    "password_change_done": "staff",
    "jsi18n": "staff",
    "login": "all",
    "logout": "not tried",
    "view_on_site": "not tried",
    "autocomplete": EVERYBODY,
    "app_list": EVERYBODY,
}
# Django's own routes without a name: the redirect from an object to its change page, and the last one, which answers 404.
UNNAMED = {"<path:object_id>/", "(?P<url>.*)$"}
