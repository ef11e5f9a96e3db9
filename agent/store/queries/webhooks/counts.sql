-- What came from each source since the beginning of the hour of :since, and when the last verified
-- one and the last rejected one came. Linking takes a moment: unlinked ones count after ten
-- seconds.
select
    sources.source,
    inbox.received,
    inbox.unlinked,
    (inbox.unreadable + coalesce(refusals.deliveries, 0))::integer as refused,
    (
        select max(received_at) from webhook_inbox
        where source = sources.source and status <> 'refused'
    ) as believed_at,
    greatest(inbox.unreadable_at, refusals.last_at) as refused_at
from (values ('telnyx'), ('livekit')) as sources (source)
cross join lateral (
    select
        count(*)::integer as received,
        (count(*) filter (
            where status = 'unlinked' and received_at < now() - interval '10 seconds'
        ))::integer as unlinked,
        count(*) filter (where status = 'refused') as unreadable,
        max(received_at) filter (where status = 'refused') as unreadable_at
    from webhook_inbox
    where source = sources.source and received_at >= date_trunc('hour', :since::timestamptz)
) as inbox
cross join lateral (
    select sum(deliveries) as deliveries, max(last_at) as last_at
    from webhook_refusals
    where source = sources.source and hour >= date_trunc('hour', :since::timestamptz)
) as refusals
order by sources.source
