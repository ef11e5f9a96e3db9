-- a webhook whose facts could not be put on record is tried again, later each time

alter table webhook_inbox
    add column fold_at timestamptz not null default '-infinity',
    add column fold_failures integer not null default 0;
