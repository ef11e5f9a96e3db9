-- One more call of an attempt, if this dialler still has it.
-- :call_id  the new call's id, as the attempt allocated it
update attempts set tries = tries + 1
where id = :attempt_id and call_id = :call_id and state = 'claimed' and claimed_by = :dialler_id
returning id
