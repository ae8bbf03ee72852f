-- Open pull requests that share a head (trust.md 6.06a).
create index pulls_head on pulls (repository, head_sha) where open;
