select number, scope, source, at from opt_outs order by at desc, number limit $1
