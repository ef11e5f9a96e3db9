-- Call $1 is over; $2: nobody's phone can have rung; $3: only if it is still in this state.
update dialings set state = 'over', returned = $2, over_at = clock_timestamp()
where call_id = $1 and state <> 'over' and ($3::text is null or state = $3)
returning attempt_id
