"""The statements of imports. A chunk is the rows, or the invoices, with a number in (after, last]; it touches nothing else."""

# COPY writes the cells as an array; the identity column numbers itself.
COPY_IN = """
COPY orders_importrow (import_id, number, cells, problem, customer_ref, sku, description, product_category) FROM STDIN
"""

# What stands in one cell: without blanks around it, and nothing where no column was chosen (place 0).
CELL = r"btrim(coalesce(cells[%({name})s::int], ''), E' \t\u00a0\u3000')"
CELLS = ", ".join(
    f"{CELL.format(name=name)} AS {name}"
    for name in ("order", "placed_at", "customer", "sku", "description", "product_category", "quantity", "unit_price", "amount")
).replace(" AS order", " AS ordered")
# References that a spreadsheet took for numbers end in .0.
WHOLE = r"regexp_replace({}, '^(\d+)\.0+$', '\1')"
NUMBER = "CASE WHEN {0} ~ %(number)s THEN replace(replace({0}, %(thousands)s, ''), %(mark)s, '.')::numeric END"
DAYS_OF_MONTH = """
CASE WHEN m IN (4, 6, 9, 11) THEN 30 WHEN m <> 2 THEN 31 WHEN (y %% 4 = 0 AND y %% 100 <> 0) OR y %% 400 = 0 THEN 29 ELSE 28 END
"""
MOMENT = """
CASE WHEN y BETWEEN 1970 AND 2100 AND m BETWEEN 1 AND 12 AND d BETWEEN 1 AND days AND h <= 23 AND mi <= 59 AND s <= 59
     THEN CASE WHEN away IS NULL THEN make_timestamp(y, m, d, h, mi, s) AT TIME ZONE %(time_zone)s
               ELSE make_timestamp(y, m, d, h, mi, s) AT TIME ZONE 'UTC' - away END END
"""
REFERENCE = "'^[A-Za-z0-9][A-Za-z0-9._:@~+=-]{0,63}$'"

# Each step is materialized: merged into one, every expression would be computed anew wherever it is named.
# Reads the cells of a chunk. A row that cannot be read keeps what could be: its order is left out with it.
READ = rf"""
WITH cell AS MATERIALIZED (
    SELECT id, cardinality(cells) AS width, {CELLS} FROM orders_importrow
     WHERE import_id = %(import)s AND number > %(after)s AND number <= %(last)s
), part AS MATERIALIZED (
    SELECT *, %(order_prefix)s || {WHOLE.format("ordered")} AS new_ref,
           CASE WHEN customer = '' THEN %(nobody)s ELSE %(customer_prefix)s || {WHOLE.format("customer")} END AS new_customer,
           regexp_replace(description, '[[:cntrl:]]+', ' ', 'g') AS new_description,
           regexp_match(placed_at, %(moment)s) AS t,
           {NUMBER.format("quantity")} AS pieces, {NUMBER.format("unit_price")} AS price, {NUMBER.format("amount")} AS worth
      FROM cell
), moment AS MATERIALIZED (
    SELECT *, t[%(year)s]::int AS y, t[%(month)s]::int AS m, t[%(day)s]::int AS d, coalesce(t[4]::int, 0) AS h,
           coalesce(t[5]::int, 0) AS mi, coalesce(t[6]::int, 0) AS s,
           CASE WHEN t[7] = 'Z' THEN interval '0' WHEN t[7] <> '' THEN
                make_interval(mins => (t[7] ~ '^-')::int * -2 * (60 * substr(t[7], 2, 2)::int + right(t[7], 2)::int)
                                      + 60 * substr(t[7], 2, 2)::int + right(t[7], 2)::int) END AS away
      FROM part
), days AS MATERIALIZED (
    SELECT *, {DAYS_OF_MONTH} AS days FROM moment
), value AS MATERIALIZED (
    SELECT *, {MOMENT} AS new_at,
           CASE WHEN abs(pieces) <= 1000000 AND pieces = trunc(pieces) THEN pieces::int END AS new_quantity FROM days
), summed AS MATERIALIZED (
    SELECT *, round(CASE WHEN %(by_price)s THEN new_quantity * price ELSE worth END, 2) AS new_amount FROM value
), verdict AS MATERIALIZED (
    SELECT *, CASE WHEN width <> %(width)s THEN 'cells' WHEN new_ref !~ {REFERENCE} THEN 'order'
                   WHEN new_at IS NULL THEN 'moment' WHEN new_at > %(at)s THEN 'future'
                   WHEN new_customer = '' THEN 'nobody' WHEN new_customer !~ {REFERENCE} THEN 'customer'
                   WHEN sku = '' OR length(sku) > 64 OR sku ~ '[[:cntrl:]]' THEN 'sku'
                   WHEN length(new_description) > 200 THEN 'description' WHEN length(product_category) > 64 THEN 'category'
                   WHEN new_quantity IS NULL THEN 'quantity'
                   WHEN new_amount IS NULL OR abs(new_amount) >= 1000000000 OR abs(price) >= 1000000000 THEN 'money'
                   ELSE '' END AS new_problem
      FROM summed
)
UPDATE orders_importrow r
   SET problem = v.new_problem, ref = CASE WHEN v.new_ref ~ {REFERENCE} THEN v.new_ref END, placed_at = v.new_at,
       customer_ref = CASE WHEN v.new_customer ~ {REFERENCE} THEN v.new_customer ELSE '' END, sku = left(v.sku, 64),
       description = left(v.new_description, 200), product_category = left(v.product_category, 64), quantity = v.new_quantity,
       unit_price = CASE WHEN v.new_problem = '' THEN v.price END, amount = CASE WHEN v.new_problem = '' THEN v.new_amount END
  FROM verdict v WHERE r.id = v.id
"""  # noqa: S608  made of constants

KIND = """
CASE WHEN %(adjustment)s <> '' AND starts_with(ref, %(order_prefix)s || %(adjustment)s) THEN 'adjustment'
     WHEN amount = 0 THEN 'nothing'
     WHEN CASE WHEN %(cancellation)s <> '' THEN starts_with(ref, %(order_prefix)s || %(cancellation)s) ELSE amount < 0 END
          THEN 'cancellation'
     ELSE 'sale' END
"""
# Over all that is said of a line, parted by what no cell contains after it was read.
FINGERPRINT = r"""
encode(sha256(convert_to(%(currency)s || E'\n' || string_agg(concat_ws(E'\x1f', placed_at AT TIME ZONE 'UTC', customer_ref, sku,
       description, product_category, quantity, trim_scale(unit_price), amount), E'\n' ORDER BY number), 'UTF8')), 'hex')
"""
# An order whose rows do not go together, said at its first row.
COMPARE = f"""
WITH together AS (
    SELECT ref, min(number) AS number, count(*) AS lines, sum(amount) AS amount, min(customer_ref) <> max(customer_ref) AS differ,
           bool_or(amount < 0 OR quantity < 1) AS is_below
      FROM orders_importrow WHERE import_id = %(import)s AND ref IS NOT NULL
     GROUP BY ref HAVING bool_and(problem = '')
), of_kind AS (
    SELECT *, {KIND} AS kind FROM together
), verdict AS (
    SELECT number, CASE WHEN differ THEN 'customers' WHEN lines > 32767 THEN 'lines' WHEN abs(amount) >= 1000000000000 THEN 'money'
                        WHEN kind = 'cancellation' AND amount > 0 THEN 'cancels'
                        WHEN kind = 'sale' AND (is_below OR amount < 0) THEN 'below' ELSE '' END AS problem
      FROM of_kind
)
UPDATE orders_importrow r SET problem = v.problem FROM verdict v
 WHERE r.import_id = %(import)s AND r.number = v.number AND v.problem <> ''
"""  # noqa: S608  made of constants
FORGET = "DELETE FROM orders_importedinvoice WHERE import_id = %(import)s"
FILL = f"""
WITH together AS (
    SELECT ref, min(number) AS number, count(*) AS lines, sum(amount) AS amount, min(customer_ref) AS customer,
           min(placed_at) AS placed_at, {FINGERPRINT} AS fingerprint
      FROM orders_importrow WHERE import_id = %(import)s AND ref IS NOT NULL
     GROUP BY ref HAVING bool_and(problem = '')
)
INSERT INTO orders_importedinvoice
       (import_id, number, source, ref, kind, customer_ref, placed_at, currency, amount, lines_count, fingerprint, result, detail)
SELECT %(import)s, number, %(source)s, ref, {KIND}, customer, placed_at, %(currency)s, amount, lines, fingerprint, 'pending', ''
  FROM together ORDER BY number
"""  # noqa: S608  made of constants
COUNT_ROWS = """
SELECT count(*) FILTER (WHERE problem <> ''), count(DISTINCT ref) FILTER (WHERE problem <> ''),
       count(*) FILTER (WHERE customer_ref = %(nobody)s AND %(nobody)s <> '')
  FROM orders_importrow WHERE import_id = %(import)s
"""
COUNT_PROBLEMS = """
SELECT problem, count(*), min(number) FROM orders_importrow
 WHERE import_id = %(import)s AND problem <> '' GROUP BY problem ORDER BY min(number)
"""
COUNT_KINDS = """
SELECT kind, count(*), sum(lines_count), sum(amount), min(placed_at), max(placed_at)
  FROM orders_importedinvoice WHERE import_id = %(import)s GROUP BY kind
"""
COUNT_THERE = """
SELECT count(*) FILTER (WHERE o.fingerprint = i.fingerprint), count(*) FILTER (WHERE o.fingerprint <> i.fingerprint),
       count(*) FILTER (WHERE o.id IS NULL AND i.kind = 'sale' AND EXISTS (SELECT FROM orders_order t WHERE t.ref = i.ref)),
       count(DISTINCT i.customer_ref)
  FROM orders_importedinvoice i
  LEFT JOIN orders_importedinvoice o ON o.source = i.source AND o.ref = i.ref AND o.result = 'loaded'
 WHERE i.import_id = %(import)s
"""

CHUNK = "i.import_id = %(import)s AND i.number > %(after)s AND i.number <= %(last)s AND i.result = 'pending'"
# The next invoices, at most so many, and no more lines than a transaction should write: but one invoice at least.
NEXT = """
SELECT count(*), max(number) FROM (
    SELECT number, sum(lines_count) OVER (ORDER BY number) - lines_count AS before
      FROM (SELECT number, lines_count FROM orders_importedinvoice
             WHERE import_id = %(import)s AND number > %(after)s ORDER BY number LIMIT %(most)s) AS following
) AS counted WHERE before < %(most_lines)s
"""
CANCEL = f"""
UPDATE orders_importedinvoice i SET result = 'skipped', detail = %(cancelled)s WHERE {CHUNK}
"""  # noqa: S608  made of constants
# Two imports load in turn: what one has loaded the other sees.
IN_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('orders.import', 0))"
THERE = f"""
UPDATE orders_importedinvoice i
   SET result = CASE WHEN o.fingerprint = i.fingerprint THEN 'skipped' ELSE 'failed' END,
       detail = CASE WHEN o.fingerprint = i.fingerprint THEN %(there)s ELSE %(different)s END
  FROM orders_importedinvoice o
 WHERE {CHUNK} AND o.source = i.source AND o.ref = i.ref AND o.result = 'loaded'
"""  # noqa: S608  made of constants
TAKEN = f"""
UPDATE orders_importedinvoice i SET result = 'failed', detail = %(taken)s
 WHERE {CHUNK} AND i.kind = 'sale' AND EXISTS (SELECT FROM orders_order o WHERE o.ref = i.ref)
"""  # noqa: S608  made of constants
# Who bought something has ordered, here or elsewhere. In the order of their references, as whoever mirrors several does.
MIRROR = f"""
INSERT INTO promotions_customer
       (ref, phone_hash, phone_segment, phone_last_four, identity_hash, is_verified, is_phone_verified, has_ordered, first_seen_at)
SELECT i.customer_ref, '', '', '', '', false, false, bool_or(i.kind = 'sale'), %(at)s
  FROM orders_importedinvoice i
 WHERE {CHUNK} AND NOT EXISTS (SELECT FROM promotions_customer c WHERE c.ref = i.customer_ref)
 GROUP BY i.customer_ref ORDER BY i.customer_ref
ON CONFLICT (ref) DO NOTHING
"""  # noqa: S608  made of constants
HAVE_ORDERED = f"""
UPDATE promotions_customer SET has_ordered = true WHERE id IN (
    SELECT c.id FROM promotions_customer c
     WHERE NOT c.has_ordered AND c.ref IN (SELECT i.customer_ref FROM orders_importedinvoice i WHERE {CHUNK} AND i.kind = 'sale')
     ORDER BY c.ref FOR NO KEY UPDATE)
"""  # noqa: S608  made of constants
# What was sold elsewhere was paid and handed over there: completed, at the time the file gives. We know of no later one.
ORDERS = f"""
INSERT INTO orders_order
       (ref, customer_id, placed_at, status, currency, gross_amount, discount_amount, virtual_amount, device, address,
        refunded_amount, paid_at, delivered_at, completed_at, cancelled_by, cancel_reason, imported_from)
SELECT i.ref, c.id, i.placed_at, 'completed', i.currency, i.amount, 0, 0, '', '', 0, i.placed_at, i.placed_at, i.placed_at, '', '',
       i.source
  FROM orders_importedinvoice i JOIN promotions_customer c ON c.ref = i.customer_ref
 WHERE {CHUNK} AND i.kind = 'sale' ORDER BY i.number
ON CONFLICT (ref) DO NOTHING
"""  # noqa: S608  made of constants
# Only what the statement before made: somebody may have placed an order of the same number in between.
SETTLE = f"""
UPDATE orders_importedinvoice i
   SET result = CASE WHEN i.kind = 'sale' AND o.id IS NULL THEN 'failed' ELSE 'loaded' END,
       detail = CASE WHEN i.kind = 'sale' AND o.id IS NULL THEN %(taken)s ELSE '' END, order_id = o.id
  FROM orders_importedinvoice p LEFT JOIN orders_order o ON p.kind = 'sale' AND o.ref = p.ref AND o.imported_from = p.source
 WHERE p.id = i.id AND {CHUNK}
"""  # noqa: S608  made of constants
LINES = """
INSERT INTO orders_orderline
       (order_id, position, sku, category, product_category, description, is_free, quantity, delivered_quantity, amount, discount,
        recipient_hash, recipient_last_four)
SELECT i.order_id, row_number() OVER (PARTITION BY i.id ORDER BY r.number), r.sku, 'goods', r.product_category, r.description,
       r.amount = 0, r.quantity, r.quantity, r.amount, 0, '', ''
  FROM orders_importedinvoice i JOIN orders_importrow r ON r.import_id = i.import_id AND r.ref = i.ref
 WHERE i.import_id = %(import)s AND i.number > %(after)s AND i.number <= %(last)s AND i.result = 'loaded' AND i.kind = 'sale'
 ORDER BY i.number, r.number
"""
COUNT_FAILED = """
SELECT count(*) FROM orders_importedinvoice
 WHERE import_id = %(import)s AND number > %(after)s AND number <= %(last)s AND result = 'failed'
"""
