-- The instance's name as `gitsudo server init` was told it: where a verifier has no configuration at hand.
create table ledger_origin (
  one boolean primary key default true check (one),
  origin text not null
);
grant select on ledger_origin to gitsudo_app;
