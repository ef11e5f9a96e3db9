insert into opt_outs (number, scope, source, at) values ($1, $2, $3, $4)
on conflict (number, scope) do nothing
