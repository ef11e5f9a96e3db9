-- Takes attempts that are due. Two diallers never get the same one, a number that is being called
-- waits, and nothing is taken while dialing is stopped or the trunk pauses.
-- :dialler_id  the process that takes them
-- :limit       at most so many
-- :trunk       the trunk that they will go out over
with due as (
    select id from attempts as waiting
    where state = 'queued' and due_at <= now()
        and not exists (select from switches where name = 'dialling' and stopped)
        and not exists (select from trunks where name = :trunk and paused_until > now())
        and not exists (
            select from dialings where number = waiting.number and dialings.state <> 'over'
        )
    order by due_at, created_at
    limit :limit
    for update skip locked
)
update attempts
set state = 'claimed', claimed_by = :dialler_id, claimed_at = now()
from due
where attempts.id = due.id
returning attempts.*
