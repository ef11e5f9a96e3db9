-- Claimed by a dialler that then died: no call of theirs is on its way.
select * from attempts as lost
where state = 'claimed' and claimed_at < now() - $1 * interval '1 second'
    and not exists (
        select from dialings where attempt_id = lost.id and (state <> 'over' or not returned)
    )
