update dialings set rang = true, answered_at = clock_timestamp()
where call_id = :call_id and holder is not distinct from :holder
