-- One process at a time looks for calls that lost their worker; the number is this lock's name.
select pg_try_advisory_xact_lock(7041300000000000013)
