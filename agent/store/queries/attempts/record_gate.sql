update attempts set gate = :gate
where id = :attempt_id and state = 'claimed' and claimed_by = :dialler_id
returning id
