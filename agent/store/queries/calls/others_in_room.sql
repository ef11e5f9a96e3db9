-- Whether a call that goes on or is to begin, and is none of :calls, has this room.
select exists (
    select from call_logs
    where room_name = :room_name and status <> 'ended' and id <> all(:calls::uuid[])
)
