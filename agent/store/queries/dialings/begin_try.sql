-- One more call of attempt $1, if dialler $3 still has it; $2 is that call's id.
update attempts set tries = tries + 1
where id = $1 and call_id = $2 and state = 'claimed' and claimed_by = $3
returning id
