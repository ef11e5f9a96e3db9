-- The call dials at this moment. The call that takes its place a second later waits for this.
update dialings set dialled_at = clock_timestamp()
where call_id = :call_id and dialled_at is null and holder is not distinct from :holder
