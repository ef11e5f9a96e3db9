select
    exists (select from opt_outs where number = :number) as opted_out,
    calls_in_a_day(:number, :now) as calls_in_a_day,
    minutes_today(:now) as minutes_today
