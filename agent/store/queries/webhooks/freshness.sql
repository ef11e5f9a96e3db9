-- The latest call of the last seven days that webhooks should have reported, and the latest webhook
-- of each source.
-- :old_enough  seconds after which a call should have been reported
select
    (
        select max(created_at) from call_logs
        where created_at between now() - interval '7 days' and now() - :old_enough * interval '1 second'
            and origin is null
    ) as last_call_at,
    (select max(received_at) from webhook_inbox where source = 'telnyx') as telnyx_at,
    (select max(received_at) from webhook_inbox where source = 'livekit') as livekit_at
