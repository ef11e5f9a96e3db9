-- Takes a number off the list and keeps what stood there. Returns a row a scope; none: it was not
-- on the list.
-- :by      who takes it off, as `api:office`
-- :reason  why, in their words
with removed as (
    delete from opt_outs where number = :number returning number, scope, source, call_id, at
)
insert into opt_out_corrections (
    number, scope, source, call_id, opted_out_at, corrected_at, corrected_by, reason
)
select number, scope, source, call_id, at, now(), :by, :reason from removed
returning number, scope, source, opted_out_at, corrected_at, corrected_by, reason
