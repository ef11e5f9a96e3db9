update attempts
set state = 'done', outcome = :outcome, last_error = :why, ended_at = now()
where id = :attempt_id and state <> 'done'
returning id
