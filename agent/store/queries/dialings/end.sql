-- The call is over.
-- :returned  nobody's phone can have rung, so the attempt may be tried again
-- :only_if   only if the call is still in this state; null: in any
-- :holder    the job that says so: the call must be its own, or nobody's yet; null: the dialler
-- An answer that was not written here at its moment is taken from the record: minutes are counted.
update dialings
set state = 'over', returned = :returned, over_at = clock_timestamp(),
    answered_at = coalesce(
        answered_at, (select answered_at from call_logs where id = dialings.call_id)
    )
where call_id = :call_id and state <> 'over' and (:only_if::text is null or state = :only_if)
    and (
        :holder::text is null or holder = :holder or (holder is null and state = 'dispatched')
    )
returning attempt_id
