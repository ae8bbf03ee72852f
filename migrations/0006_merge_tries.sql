-- Merges in a row that GitHub put off because something had moved; drives back-off.
alter table projections add column merge_tries integer;
