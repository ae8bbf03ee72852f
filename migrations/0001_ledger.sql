-- The ledger (audit.md). Everything beside `body` is derived from it and compared by `gitsudo audit verify`.
create table audit_events (
  seq bigint primary key,
  body bytea not null,
  -- An event is its bytes: the same bytes staged twice are one line, however many sealers there are.
  leaf bytea not null unique,
  chain bytea not null,
  type text not null,
  at timestamptz(3) not null,
  actor_kind text not null,
  actor_id text not null,
  actor_login text,
  request_id text,
  grant_id text,
  repo_id bigint,
  pull bigint,
  commit text
);
create index audit_events_request on audit_events (request_id, seq);
create index audit_events_grant on audit_events (grant_id, seq);
create index audit_events_actor on audit_events (lower(actor_login), seq);
create index audit_events_at on audit_events (at);

create table evidence (
  digest text primary key,
  bytes bytea not null
);

-- Committed events that wait for their place in the chain. `refused`: the MAC did not hold.
create table ledger_staged (
  id bigint generated always as identity primary key,
  body bytea not null,
  mac_key text not null,
  mac text not null,
  refused boolean not null default false
);

-- Rows changed by a transaction that did not announce itself (trust.md 5.5); the sealer empties it.
create table database_changes (
  id bigint generated always as identity primary key,
  at timestamptz(3) not null default clock_timestamp(),
  by_role text not null default session_user,
  table_name text not null,
  operation text not null,
  row_key text not null,
  before jsonb,
  after jsonb
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  if current_user <> 'gitsudo_owner' then
    raise insufficient_privilege using message = tg_table_name || ' is append-only';
  end if;
  return null;
end
$$;
create trigger append_only before update or delete or truncate on audit_events
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on evidence
  for each statement execute function refuse_change();

-- As its owner, so that a role which may write the table need not be allowed to write the changes.
create function note_change() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  was jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  is_now jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  one jsonb := coalesce(is_now, was);
begin
  if current_setting('gitsudo.announced', true) is distinct from 'yes' then
    insert into database_changes (table_name, operation, row_key, before, after)
    values (
      tg_table_name,
      lower(tg_op),
      coalesce(one ->> 'id', (one ->> 'repository') || '/' || (one ->> 'name')),
      (select jsonb_object_agg(key, value) from jsonb_each(was) where is_now -> key is distinct from value),
      (select jsonb_object_agg(key, value) from jsonb_each(is_now) where was -> key is distinct from value)
    );
  end if;
  return null;
end
$$;
create function note_truncate() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into database_changes (table_name, operation, row_key) values (tg_table_name, 'truncate', '*');
  return null;
end
$$;

grant insert, select on audit_events, evidence to gitsudo_app;
grant insert, select, update, delete on ledger_staged to gitsudo_app;
-- `update` only because `for update` asks for it.
grant select, update, delete on database_changes to gitsudo_app;
grant select on schema_migrations to gitsudo_app;
