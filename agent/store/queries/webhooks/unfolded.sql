-- Linked webhooks whose facts are not on record yet, oldest first. One that reports the end of a
-- call waits, unless our own side has reported it: its account is better, and often a moment later.
-- One that failed waits until its time comes, and keeps none behind it from being returned.
-- :our_side_first  how long our own side is waited for
select inbox.source, inbox.event_id, inbox.call_id, inbox.events
from webhook_inbox as inbox
left join call_logs on call_logs.id = inbox.call_id
where inbox.status = 'linked'
    and inbox.folded_at is null
    and inbox.fold_at <= now()
    and (
        not inbox.tells_the_end
        or call_logs.status = 'ended'
        or inbox.received_at < now() - :our_side_first::interval
    )
order by inbox.received_at
limit 500
