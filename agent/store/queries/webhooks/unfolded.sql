-- unfolded_webhooks
-- Linked webhooks whose facts are not on record yet, oldest first. One that tells the end of a call
-- waits for $1, unless our own side has told it: its account is better, and often a moment later.
select inbox.source, inbox.event_id, inbox.call_id, inbox.events
from webhook_inbox as inbox
left join call_logs on call_logs.id = inbox.call_id
where inbox.status = 'linked'
    and inbox.folded_at is null
    and (
        not inbox.tells_the_end
        or call_logs.status = 'ended'
        or inbox.received_at < now() - $1::interval
    )
order by inbox.received_at
limit 500
