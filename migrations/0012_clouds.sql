-- When each cloud is next compared with the ledger, and when that was last done to its end.
create table clouds (
  provider text primary key,
  look_at timestamptz(3) not null,
  looked_at timestamptz(3)
);
grant select, insert, update on clouds to gitsudo_app;
