-- What each open grant's intent says, apart from what stood: that is written anew with every change, and these are not.
create table kept_intents (
  seq bigint primary key constraint kept_intents_seq_is_read check (seq between 1 and 9007199254740991),
  intent text not null,
  mac_key text not null,
  mac text not null
);
grant select, insert, update, delete on kept_intents to gitsudo_app;
create trigger note_statement after insert or update or delete or truncate on kept_intents
  for each statement execute function note_statement();
alter table kept_intents enable always trigger note_statement;
