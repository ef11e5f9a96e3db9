-- Try again $2 seconds from now, as a new call $3.
update attempts
set state = 'queued', claimed_by = null, claimed_at = null, last_error = $4,
    due_at = now() + $2 * interval '1 second', call_id = $3
where id = $1 and state = 'claimed'
returning id
