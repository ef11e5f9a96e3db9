-- webhook_freshness
-- The latest call of the last seven days that is old enough to have been told of, and the latest
-- webhook of each source.
select
    (
        select max(created_at) from call_logs
        where created_at between now() - interval '7 days' and now() - $1 * interval '1 second'
    ) as last_call_at,
    (select max(received_at) from webhook_inbox where source = 'telnyx') as telnyx_at,
    (select max(received_at) from webhook_inbox where source = 'livekit') as livekit_at
