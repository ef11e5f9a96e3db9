-- The calls whose ids lie between two: of a whole id both are the same. Two are enough to know that
-- the beginning of an id is not unique.
select id from call_logs where id between :first and :last order by id limit 2
