-- What trust.md 5 asks of the database beyond signed events: MACs on every row that is acted upon, and a trace of
-- every change that did not announce itself.

-- A revocation that nobody vouches for is none. Asks of before have been acted upon, or are asked for again.
alter table revoke_asks add column mac_key text, add column mac text;

-- One administrator's wish to disable a policy, until a second one has the same.
create table override_asks (
  repository bigint not null,
  name text not null,
  by_id bigint not null,
  by_login text not null,
  seconds bigint not null,
  asked_at timestamptz(3) not null,
  mac_key text not null,
  mac text not null,
  primary key (repository, name, by_id)
);

-- How far the ledger has been read, and what stood then: where a replica goes on after a start.
create table ledger_standing (
  id boolean primary key default true check (id),
  seq bigint not null,
  kept text not null,
  mac_key text not null,
  mac text not null
);

grant select, insert, update, delete on override_asks to gitsudo_app;
grant select, insert, update on ledger_standing to gitsudo_app;

-- Only hands change or delete these: one line a statement, whoever it was.
create function note_statement() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if current_setting('gitsudo.announced', true) is distinct from 'yes' then
    insert into database_changes (table_name, operation, row_key) values (tg_table_name, lower(tg_op), '*');
  end if;
  return null;
end
$$;
create trigger note_statement after insert or update or delete or truncate on audit_events
  for each statement execute function note_statement();
create trigger note_statement after update or delete or truncate on evidence
  for each statement execute function note_statement();
create trigger note_statement after insert or update or delete or truncate on deliveries
  for each statement execute function note_statement();
create trigger note_statement after insert or update or delete or truncate on ledger_staged
  for each statement execute function note_statement();
create trigger note_statement after insert or update or delete or truncate on override_asks
  for each statement execute function note_statement();
create trigger note_statement after insert or update or delete or truncate on revoke_asks
  for each statement execute function note_statement();
create trigger note_statement after insert or update or delete or truncate on ledger_standing
  for each statement execute function note_statement();
create trigger note_statement after insert or update or delete or truncate on branches
  for each statement execute function note_statement();
