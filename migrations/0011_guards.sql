-- Triggers that stay on when somebody turns triggers off for a bulk load (session_replication_role = replica).
do $$
declare guard record;
begin
  for guard in
    select tgrelid::regclass as of_table, tgname as name from pg_trigger
    where tgfoid in ('refuse_change'::regproc, 'note_change'::regproc, 'note_truncate'::regproc, 'note_statement'::regproc)
  loop
    execute format('alter table %s enable always trigger %I', guard.of_table, guard.name);
  end loop;
end
$$;

-- A role is nobody: where the connection came from, and what it called itself, find the person.
alter table database_changes
  add column client text default host(inet_client_addr()),
  add column application text default nullif(current_setting('application_name', true), '');

-- Taking them in turn (`for update`) asks for the right to update one column; this one cannot be updated.
revoke update on database_changes from gitsudo_app;
grant update (id) on database_changes to gitsudo_app;
