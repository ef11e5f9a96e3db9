select
    exists (select from opt_outs where number = $1) as opted_out,
    calls_in_a_day($1, $2) as calls_in_a_day,
    minutes_today($2) as minutes_today
