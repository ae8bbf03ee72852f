-- Every decision asks which policies are accepted (trust.md 1.3): found without reading the whole ledger.
create index audit_events_policy on audit_events (repo_id, seq)
  where type in ('policy.accepted', 'policy.refused', 'policy.loaded');

-- Only the ledger says which commit is accepted.
alter table branches drop column accepted_commit;
