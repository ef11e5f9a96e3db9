-- Try again later, as a new call.
-- :after    seconds from now
-- :call_id  the new call's id
-- :why      why this try came to nothing
-- :dialler_id  only if this dialler still has it; null: whoever has it
-- :of_call     only if this is still its call; null: any
update attempts
set state = 'queued', claimed_by = null, claimed_at = null, last_error = :why,
    due_at = now() + :after * interval '1 second', call_id = :call_id
where id = :attempt_id and state = 'claimed'
    and (:dialler_id::uuid is null or claimed_by = :dialler_id)
    and (:of_call::uuid is null or call_id = :of_call)
returning id
