-- Only while nobody has it: what is being dialled is hung up instead.
update attempts
set state = 'done', outcome = 'cancelled', ended_at = now()
where id = :attempt_id and state = 'queued'
returning id
