-- What the fraud guard looks at: outbound calls of the hour before :now, but not from before
-- somebody looked and resumed dialing. A call that is going on counts for nothing yet; nor does one
-- that rang nobody and will be tried again (no agent, trunk busy, forbidden at the last moment).
with looked_at as (
    select greatest(
        :now::timestamptz - interval '1 hour',
        (select since from switches where name = 'dialling' and not stopped)
    ) as since
),
ended as (
    select
        disposition, answered_at, duration_s,
        row_number() over (order by ended_at desc, id) as place
    from call_logs
    where direction = 'outbound' and ended_at > (select since from looked_at) and ended_at <= :now
        and coalesce(reason, '') not in ('no_agent', 'trunk_busy', 'not_allowed', 'dialling_stopped')
)
select
    coalesce((
        select max(calls)
        from (
            select count(*) as calls from dialings
            where dialling_at > (select since from looked_at) and dialling_at <= :now and not returned
            group by number
        ) as by_number
    ), 0) as calls_to_one_number,
    coalesce(
        (select min(place) - 1 from ended where disposition <> 'failed'),
        (select count(*) from ended)
    ) as failures_in_a_row,
    (select count(*) from ended where answered_at is not null and duration_s < 10) as short_calls,
    minutes_today(:now) as minutes_today
