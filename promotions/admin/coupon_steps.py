"""What can be done with one coupon: taken out of use, given back, taken for good."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from backoffice.lib.admin.steps import Step
from backoffice.lib.display import amount_text
from promotions.models import Coupon
from promotions.services.voiding import freeze_coupon, thaw_coupon, void_coupon
from promotions.states import CouponStatus


def named(coupon: Coupon) -> dict[str, Any]:
    return {
        "coupon": coupon,
        "customer": coupon.customer,
        "worth": amount_text(coupon.face_value, coupon.coupon_type.campaign.currency),
    }


COUPON_STEPS = (
    Step(
        name="freeze",
        label=pgettext_lazy("one coupon", "Freeze"),
        icon="ac_unit",
        is_stop=True,
        permission="promotions.freeze_coupon",
        run=freeze_coupon,
        is_shown=lambda coupon: coupon.status == CouponStatus.ISSUED,
        tells=lambda coupon: (
            _("Customer %(customer)s cannot use coupon %(coupon)s until it is given back. Its %(worth)s stay reserved.")
            % named(coupon)
        ),
        done=gettext_lazy("Frozen."),
    ),
    Step(
        name="thaw",
        label=gettext_lazy("Give back"),
        icon="undo",
        permission="promotions.void_coupon",
        run=thaw_coupon,
        is_shown=lambda coupon: coupon.status == CouponStatus.FROZEN,
        tells=lambda coupon: _("Customer %(customer)s can use coupon %(coupon)s again, worth %(worth)s.") % named(coupon),
        done=gettext_lazy("Given back."),
    ),
    Step(
        name="void",
        label=gettext_lazy("Void"),
        icon="block",
        is_stop=True,
        permission="promotions.void_coupon",
        run=void_coupon,
        is_shown=lambda coupon: coupon.status in (CouponStatus.ISSUED, CouponStatus.FROZEN),
        tells=lambda coupon: (
            _("Coupon %(coupon)s of customer %(customer)s is worth nothing any more, for good. %(worth)s return to the budget.")
            % named(coupon)
        ),
        done=gettext_lazy("Voided."),
    ),
)
