-- What a look at checkpoints and anchors asks for each second, whatever the ledger's size.
create index audit_events_urgent on audit_events (seq) where type in ('breakglass.invoked', 'policy.overridden');
create index audit_events_own on audit_events (seq) where type in ('ledger.anchored', 'ledger.restored');
