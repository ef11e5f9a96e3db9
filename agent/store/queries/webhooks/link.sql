-- Gives each unlinked webhook whose time has come its call, by the strongest key that finds one; of
-- one that finds none it says when to look again: after half its age, between 2 seconds and an hour.
-- What became due last is looked at first: new webhooks never wait behind those of other
-- applications, however many. Answers how many were linked.
-- :apart          how far apart our row and the carrier's leg may begin when only numbers join them
-- :give_up_after  a webhook that is older is not looked at again
--
-- A header's call id counts only for a call of ours to that very number: callers from outside can
-- write any header. Numbers count only where they leave one call that was going on at that time and
-- has no other session. A room can be used again: its call is the one that was there by then.
with looked as (
    update webhook_inbox as inbox
    set
        call_id = found.call_id,
        status = case when found.call_id is null then 'unlinked' else 'linked' end,
        reason = found.by,
        look_at = case
            when now() - received_at > :give_up_after::interval then 'infinity'
            else now() + least(greatest((now() - received_at) / 2, interval '2 seconds'), '1 hour')
        end
    from (
        select waiting.source, waiting.event_id, candidate.call_id, candidate.by
        from (
            select source, event_id, session_id, leg_id, claimed_call_id, from_number, to_number,
                room_name, at, coalesce(began_at, at) as began_at
            from webhook_inbox
            where status = 'unlinked' and look_at <= now()
            order by look_at desc
            limit 500
            for update skip locked
        ) as waiting
        left join lateral (
            (
                select id as call_id, 'session' as by, 1 as rank
                from call_logs
                where telnyx_session_id = waiting.session_id
                order by created_at desc
                limit 1
            )
            union all
            (
                select id, 'leg', 2
                from call_logs
                where telnyx_leg_id = waiting.leg_id
                order by created_at desc
                limit 1
            )
            union all
            (
                select id, 'header', 3
                from call_logs
                where id = waiting.claimed_call_id
                    and direction = 'outbound'
                    and to_number = waiting.to_number
            )
            union all
            (
                select min(id::text)::uuid, 'numbers', 4
                from call_logs
                where to_number = waiting.to_number
                    and from_number = waiting.from_number
                    and created_at between waiting.began_at - :apart::interval
                        and waiting.began_at + :apart::interval
                    and (ended_at is null or ended_at >= waiting.began_at)
                    and (telnyx_session_id is null or waiting.session_id is null)
                having count(*) = 1
            )
            union all
            (
                select id, 'room', 5
                from call_logs
                where room_name = waiting.room_name
                    and waiting.source = 'livekit'
                    and created_at <= waiting.at + interval '3 minutes'
                order by (created_at <= waiting.at) desc, abs(extract(epoch from created_at - waiting.at))
                limit 1
            )
            order by rank
            limit 1
        ) as candidate on true
    ) as found
    where inbox.source = found.source and inbox.event_id = found.event_id
    returning inbox.call_id
)
select count(call_id) from looked
