-- test calls from the browser are marked; null is a call by telephone, as workers write it that do
-- not know the column

alter table call_logs add column origin text check (origin = 'browser');
