-- What the reconcilers remember. A cache: what grants or ends access is read from the ledger (trust.md 5.2).
create table deliveries (
  guid text primary key,
  event text not null,
  body bytea not null,
  received_at timestamptz(3) not null,
  -- Where to find it again; the signed body alone says what it means (trust.md 2.10).
  repository bigint,
  pull bigint,
  ref text,
  mac_key text not null,
  mac text not null
);
create index deliveries_pull on deliveries (repository, pull, received_at);
create index deliveries_ref on deliveries (repository, ref, received_at) where ref is not null;
create index deliveries_received on deliveries (received_at);

create table requests (
  id text primary key,
  repository bigint not null,
  pull bigint not null,
  path text not null,
  state text not null check (state in ('pending', 'approved', 'denied', 'cancelled', 'lapsed', 'refused', 'granted')),
  head_sha text not null,
  blob text not null,
  requester_login text,
  requester_id bigint,
  provider text,
  role text,
  scope text,
  duration_seconds bigint,
  reason text,
  metadata json,
  starts_at timestamptz(3),
  author_id bigint not null,
  author_login text not null,
  -- json, not jsonb: a quoted fault may hold what jsonb refuses.
  decision json,
  opened_at timestamptz(3) not null,
  reviews_from timestamptz(3),
  look_at timestamptz(3),
  version bigint not null
);
create index requests_pull on requests (repository, pull);
create index requests_path on requests (repository, path);
create index requests_requester on requests (lower(requester_login));
create index requests_person on requests (requester_id, state);
create index requests_opened on requests (opened_at);
create index requests_waiting on requests (repository, pull) where state in ('pending', 'approved', 'denied');
create index requests_due on requests (look_at) where look_at is not null;

-- A pull request as last looked at, with or without requests in it.
create table pulls (
  repository bigint not null,
  pull bigint not null,
  head_sha text not null,
  open boolean not null,
  draft boolean not null,
  decision json not null,
  look_at timestamptz(3),
  primary key (repository, pull)
);
create index pulls_due on pulls (look_at) where look_at is not null;

create table grants (
  id text primary key,
  repository bigint not null,
  pull bigint not null,
  requester_id bigint not null,
  requester_login text not null,
  provider text not null,
  role text not null,
  scope text not null,
  reason text not null,
  metadata json not null,
  state text not null check (state in
    ('scheduled', 'provisioning', 'active', 'revoking', 'ended', 'failed', 'refused', 'quarantined')),
  binding_key text not null,
  starts_at timestamptz(3) not null,
  ends_at timestamptz(3) not null,
  cause text check (cause in ('expired', 'revoked', 'revoked externally')),
  note text,
  tries integer not null,
  absent_since timestamptz(3),
  active_at timestamptz(3),
  ended_at timestamptz(3),
  look_at timestamptz(3),
  version bigint not null
);
create index grants_requester on grants (requester_id, state);
create index grants_binding on grants (binding_key) where state in ('provisioning', 'active', 'revoking', 'quarantined');
create index grants_due on grants (look_at) where look_at is not null;
create trigger note_change after insert or update or delete on grants for each row execute function note_change();
create trigger note_truncate after truncate on grants for each statement execute function note_truncate();

-- One provider call that writes, from before it is sent until its answer (providers.md).
create table grant_attempts (
  id bigint generated always as identity primary key,
  grant_id text not null,
  fence bigint not null,
  action text not null check (action in ('ensure', 'remove')),
  opened_at timestamptz(3) not null,
  closed_at timestamptz(3)
);
create index grant_attempts_grant on grant_attempts (grant_id, id);

create table revoke_asks (
  grant_id text primary key,
  by_kind text not null,
  by_id text not null,
  by_login text,
  why text not null,
  asked_at timestamptz(3) not null
);

create table branches (
  repository bigint primary key,
  cursor text,
  accepted_commit text
);

-- What gitsudo last showed on a pull request.
create table projections (
  repository bigint not null,
  pull bigint not null,
  check_id bigint,
  check_sha text,
  check_digest text,
  comment_id bigint,
  comment_digest text,
  asked text[] not null,
  look_at timestamptz(3),
  primary key (repository, pull)
);
create index projections_due on projections (look_at) where look_at is not null;

-- Writes to GitHub of the last hour, as epoch ms, one row an installation.
create table github_budget (
  installation bigint primary key,
  spent bigint[] not null default '{}',
  held_until bigint not null default 0
);

-- Each policy of the accepted commit and the override that can disable it, never its source.
create table policies (
  repository bigint not null,
  name text not null,
  type text not null check (type in ('ELIGIBILITY', 'APPROVAL')),
  enabled boolean not null default true,
  override_until timestamptz(3),
  override_by bigint[],
  override_mac_key text,
  override_mac text,
  primary key (repository, name)
);
create trigger note_change after insert or update or delete on policies for each row execute function note_change();
create trigger note_truncate after truncate on policies for each statement execute function note_truncate();

-- The mock provider's cloud.
create table mock_bindings (
  handle text primary key,
  grant_id text not null,
  principal text not null,
  role text not null,
  scope text not null,
  expires_at timestamptz(3)
);

grant insert, select on deliveries to gitsudo_app;
grant select, insert, update on requests, pulls, grants, grant_attempts, revoke_asks, branches, projections, github_budget
  to gitsudo_app;
grant select, insert, update, delete on policies, mock_bindings to gitsudo_app;
