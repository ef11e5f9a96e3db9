-- Old attempts go with all their dialings: one that lost only its dialings could ring a second time.
-- What the limits count is younger; minutes of past days are in outbound_minutes.
-- :cutoff  over before, the attempt and each of its calls; those of two days stay in any case
-- :since   where the batch before this one ended
-- :limit   at most so many are looked at
with old as (
    select id, ended_at
    from attempts
    where state = 'done' and ended_at >= :since
        and ended_at < least(:cutoff, now() - interval '48 hours')
    order by ended_at
    limit :limit
),
over as (
    select id from old
    where not exists (
        select from dialings
        where attempt_id = old.id
            and (state <> 'over' or over_at >= least(:cutoff, now() - interval '48 hours'))
    )
),
their_dialings as (
    delete from dialings using over where dialings.attempt_id = over.id
),
deleted as (
    delete from attempts using over where attempts.id = over.id returning 1
)
select
    (select count(*) from old) as seen, (select count(*) from deleted) as deleted,
    (select max(ended_at) from old) as until
