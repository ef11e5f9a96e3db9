-- The language of the latest call with a number, in whichever direction.
-- :number   E.164
select language
from (
    (
        select language, created_at from call_logs
        where from_number = :number and answered_at is not null
        order by created_at desc limit 1
    )
    union all
    (
        select language, created_at from call_logs
        where to_number = :number and answered_at is not null
        order by created_at desc limit 1
    )
) as latest
order by created_at desc
limit 1
