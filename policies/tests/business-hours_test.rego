package gitsudo.eligibility_business_hours_test

import data.gitsudo.eligibility

at(role, moment) := {"request": {"role": role}, "context": {"now_ns": time.parse_rfc3339_ns(moment)}}

test_tuesday_morning_is_fine if {
	count(eligibility.deny) == 0 with input as at("compute-admin", "2026-12-01T08:00:00Z")
}

test_before_eight_and_from_six_on_is_not if {
	count(eligibility.deny) == 1 with input as at("compute-admin", "2026-12-01T07:59:59Z")
	count(eligibility.deny) == 1 with input as at("compute-admin", "2026-12-01T18:00:00Z")
}

test_the_weekend_is_not if {
	count(eligibility.deny) == 1 with input as at("subscription-contributor", "2026-12-05T12:00:00Z")
}

test_other_roles_have_no_hours if {
	count(eligibility.deny) == 0 with input as at("prod-infra-admin", "2026-12-06T03:00:00Z")
}

test_without_a_time_nobody_is_at_work if {
	count(eligibility.deny) == 1 with input as {"request": {"role": "compute-admin"}, "context": {}}
}
