update attempts
set state = 'done', outcome = $2, last_error = $3, ended_at = now()
where id = $1 and state <> 'done'
returning id
