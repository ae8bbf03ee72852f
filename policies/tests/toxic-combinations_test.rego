package gitsudo.eligibility_toxic_combinations_test

import data.gitsudo.eligibility

holding(role, active, queued) := {
	"request": {"role": role},
	"context": {
		"active_grants": [{"id": "req_A", "role": held} | some held in active],
		"queued_grants": [{"id": "req_Q", "role": held} | some held in queued],
	},
}

test_alone_each_is_fine if {
	count(eligibility.deny) == 0 with input as holding("db-read", [], [])
	count(eligibility.deny) == 0 with input as holding("db-read", ["db-read", "dev-admin"], [])
}

test_together_they_are_not if {
	eligibility.deny == {"db-read and prod-infra-admin (req_A) must not be held together"} with input as holding(
		"db-read",
		["prod-infra-admin"], [],
	)
}

test_in_either_order_and_only_queued if {
	count(eligibility.deny) == 1 with input as holding("prod-infra-admin", [], ["db-read"])
}
