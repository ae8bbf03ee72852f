-- Since when looks at something have met trouble without a break, and whether a person was told (trust.md 3.12).
create table troubles (
  what text primary key,
  since timestamptz(3) not null,
  told boolean not null default false
);
grant select, insert, update, delete on troubles to gitsudo_app;
