-- When the pull request was merged, by GitHub's clock: how long people wait for access counts from there.
alter table grants add column merged_at timestamptz(3);
