-- What the watch looks at, at the moment $1: outbound calls of the last hour, newest of all first
-- for what happened in a row. A call that is going on counts for nothing yet.
with recent as (
    select to_number, disposition, reason, answered_at, ended_at, duration_s, created_at, id
    from call_logs
    where direction = 'outbound' and created_at > $1::timestamptz - interval '1 hour'
        and created_at <= $1
),
ended as (
    select disposition, row_number() over (order by ended_at desc, id) as place
    from recent
    where ended_at is not null
)
select
    coalesce((
        select max(calls)
        from (select count(*) as calls from recent group by to_number) as by_number
    ), 0) as calls_to_one_number,
    coalesce(
        (select min(place) - 1 from ended where disposition <> 'failed'),
        (select count(*) from ended)
    ) as failures_in_a_row,
    (
        select count(*) from recent
        where answered_at is not null and ended_at is not null and duration_s < 10
    ) as short_calls,
    minutes_today($1) as minutes_today
