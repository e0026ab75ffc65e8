"""Guards of holds that look at more than the hold: at circuit breakers, emergencies and releases. All at statement level."""

import pgtrigger

from orders.models.guards import NEVER_IGNORED

# Whoever places automatic holds has locked the breaker's row and looked: this is for whoever comes round the services.
STOPPED_BREAKER_PLACES_NO_HOLD = pgtrigger.Trigger(
    name="stopped_breaker_places_no_hold",
    declare=NEVER_IGNORED,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="new_holds"),
    func="""
        IF EXISTS (
            SELECT 1 FROM orders_holdbreaker b JOIN new_holds n ON n.kind = b.kind JOIN auth_user u ON u.id = n.placed_by_id
            WHERE b.stopped_at IS NOT NULL AND u.username = 'system' AND n.released_at IS NULL
        ) THEN
            RAISE EXCEPTION 'automatic holds of this kind are stopped'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'stopped_breaker_places_no_hold';
        END IF;
        RETURN NULL;
    """,
)
FALLEN_EMERGENCY_PLACES_NO_HOLD = pgtrigger.Trigger(
    name="fallen_emergency_places_no_hold",
    declare=NEVER_IGNORED,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="new_holds"),
    func="""
        IF EXISTS (
            SELECT 1 FROM orders_emergency e
            WHERE e.fallen_at IS NOT NULL AND e.freeze_id IN (SELECT DISTINCT n.freeze_id FROM new_holds n)
        ) THEN
            RAISE EXCEPTION 'this emergency has fallen: its freeze holds nothing more'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'fallen_emergency_places_no_hold';
        END IF;
        RETURN NULL;
    """,
)
# A legal hold neither runs out nor is it let go by one person: it ends as an item of a release.
LEGAL_HOLD_ENDS_BY_A_RELEASE = pgtrigger.Trigger(
    name="legal_hold_ends_by_a_release",
    declare=NEVER_IGNORED,
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(old="old_holds", new="new_holds"),
    func="""
        IF EXISTS (
            SELECT 1 FROM new_holds n JOIN old_holds o ON o.id = n.id
            WHERE n.kind = 'legal' AND o.released_at IS NULL AND n.released_at IS NOT NULL
              AND NOT EXISTS (
                SELECT 1 FROM orders_releaseitem i
                WHERE i.hold_id = n.id AND i.result IN ('pending', 'released') AND i.release_id = ANY (ARRAY(
                    SELECT r.id FROM lib_job j JOIN orders_release r ON r.job_id = j.id
                    WHERE j.kind = 'release' AND j.status IN ('queued', 'running')
                ))
            )
        ) THEN
            RAISE EXCEPTION 'a legal hold ends by a release'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'legal_hold_ends_by_a_release';
        END IF;
        RETURN NULL;
    """,
)
LOOKING_FURTHER = [STOPPED_BREAKER_PLACES_NO_HOLD, FALLEN_EMERGENCY_PLACES_NO_HOLD, LEGAL_HOLD_ENDS_BY_A_RELEASE]
