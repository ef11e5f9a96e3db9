-- Try again later, as a new call.
-- :after    seconds from now
-- :call_id  the new call's id
-- :why      why this try came to nothing
update attempts
set state = 'queued', claimed_by = null, claimed_at = null, last_error = :why,
    due_at = now() + :after * interval '1 second', call_id = :call_id
where id = :attempt_id and state = 'claimed'
returning id
