-- Claimed by a dialler that lives no more (or for far too long): no call of theirs is on its way.
select * from attempts as lost
where state = 'claimed' and claimed_at < now() - $1 * interval '1 second'
    and not exists (
        select from dialings where attempt_id = lost.id and (state <> 'over' or not returned)
    )
    and (
        claimed_at < now() - 6 * $1 * interval '1 second'
        or not exists (
            select from process_heartbeats
            where process_id = lost.claimed_by and seen_at > now() - $1 * interval '1 second'
        )
    )
