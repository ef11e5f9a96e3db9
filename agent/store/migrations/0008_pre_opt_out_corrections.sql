-- opt-outs that were added by mistake, and who took them back

-- Append only. What stood in opt_outs, and who removed it when and why. Nothing else removes a row
-- there.
create table opt_out_corrections (
    id bigint generated always as identity primary key,
    number text not null,
    scope text not null,
    source text not null,
    call_id uuid,
    opted_out_at timestamptz not null,
    corrected_at timestamptz not null,
    corrected_by text not null,
    reason text not null check (reason <> '')
);

create index opt_out_corrections_number on opt_out_corrections (number, corrected_at);
