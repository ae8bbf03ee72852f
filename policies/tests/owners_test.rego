package gitsudo.approval_owners_test

import data.gitsudo.approval

roles := {"mock": {"dev-admin": {"owners": ["platform", "sre"]}, "prod-read-only": {"owners": ["sre"]}}}

ask(role, tier) := {
	"request": {"provider": "mock", "role": role, "resource_scope": "x", "duration_seconds": 600},
	"context": {"trust_tier": tier},
}

test_one_of_the_first_owners_is_asked if {
	approval.applies with data.roles as roles with input as ask("dev-admin", 4)
	{entry.group | some entry in approval.required} == {"platform"} with data.roles as roles
		with input as ask("dev-admin", 4)
}

test_low_risk_is_left_to_its_own_policy if {
	not approval.applies with data.roles as roles with input as ask("prod-read-only", 3)
	approval.applies with data.roles as roles with input as ask("prod-read-only", 2)
}

test_a_role_without_an_owner_names_nobody if {
	count(approval.required) == 0 with data.roles as roles with input as ask("unknown", 4)
}
