-- Call $1 dials at this moment; the one that comes a second later waits for this.
update dialings set dialled_at = clock_timestamp() where call_id = $1 and dialled_at is null
