-- The call is over.
-- :returned  nobody's phone can have rung, so the attempt may be tried again
-- :only_if   only if the call is still in this state; null: in any
update dialings set state = 'over', returned = :returned, over_at = clock_timestamp()
where call_id = :call_id and state <> 'over' and (:only_if::text is null or state = :only_if)
returning attempt_id
