-- Attempts whose dialler lives no more, or has had them for six times as long: no call of theirs is
-- on its way.
-- :seconds  a claim, or a heartbeat, is old after so long
select * from attempts as lost
where state = 'claimed' and claimed_at < now() - :seconds * interval '1 second'
    and not exists (
        select from dialings where attempt_id = lost.id and (state <> 'over' or not returned)
    )
    and (
        claimed_at < now() - 6 * :seconds * interval '1 second'
        or not exists (
            select from process_heartbeats
            where process_id = lost.claimed_by and seen_at > now() - :seconds * interval '1 second'
        )
    )
