-- :dialler_id  only if this dialler still has it; null: whoever has it
-- :of_call     only if this is still its call; null: any
update attempts
set state = 'done', outcome = :outcome, last_error = :why, ended_at = now()
where id = :attempt_id and state <> 'done'
    and (:dialler_id::uuid is null or (state = 'claimed' and claimed_by = :dialler_id))
    and (:of_call::uuid is null or call_id = :of_call)
returning id
