"""Orders told so far were placed and paid; what was delivered, was delivered whole."""

from django.db import migrations

PAID_AT = "UPDATE orders_order SET paid_at = placed_at WHERE paid_at IS NULL"
PAID = "UPDATE orders_order SET status = 'paid' WHERE status = 'placed'"
DELIVERED = """
    UPDATE orders_orderline l SET delivered_quantity = l.quantity FROM orders_order o
    WHERE o.id = l.order_id AND o.status = 'delivered' AND l.delivered_quantity = 0
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_order_life")]

    operations = [migrations.RunSQL([PAID_AT, PAID, DELIVERED], migrations.RunSQL.noop)]
