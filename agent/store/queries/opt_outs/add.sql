-- Many numbers at once; those that are there already stay as they are. Answers the new ones.
with given as (
    insert into opt_outs (number, scope, source, at)
    select number, 'all', :source, :now from unnest(:numbers::text[]) as number order by number
    on conflict (number, scope) do nothing
    returning number
)
select count(*) from given
