-- Take up to $2 attempts that are due for dialler $1. Two diallers never get the same one, a number
-- that is being called waits, and nothing is taken while dialling is stopped or trunk $3 pauses.
with due as (
    select id from attempts as waiting
    where state = 'queued' and due_at <= now()
        and not exists (select from switches where name = 'dialling' and stopped)
        and not exists (select from trunks where name = $3 and paused_until > now())
        and not exists (
            select from dialings where number = waiting.number and dialings.state <> 'over'
        )
    order by due_at, created_at
    limit $2
    for update skip locked
)
update attempts
set state = 'claimed', claimed_by = $1, claimed_at = now()
from due
where attempts.id = due.id
returning attempts.*
