-- These could not be put on record: again after 2, 4, 8 seconds …, at most ten minutes.
update webhook_inbox
set fold_failures = fold_failures + 1,
    fold_at = now() + least(interval '1 second' * 2 ^ least(fold_failures + 1, 10), '10 minutes')
from unnest(:sources::text[], :event_ids::text[]) as given (source, event_id)
where webhook_inbox.source = given.source and webhook_inbox.event_id = given.event_id
    and webhook_inbox.folded_at is null
