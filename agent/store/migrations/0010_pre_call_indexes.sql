-- the few calls that go on, and the latest ones on their way out, without reading all the others

create index call_logs_open on call_logs (created_at) where status <> 'ended';
create index call_logs_outbound_ended on call_logs (ended_at) where direction = 'outbound';
