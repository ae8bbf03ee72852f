package gitsudo.approval_two_person_test

import data.gitsudo.approval

ask(role, scope) := {"request": {"provider": "mock", "role": role, "resource_scope": scope, "duration_seconds": 600}}

test_a_change_to_production_takes_a_second_person if {
	approval.applies with input as ask("prod-infra-admin", "123456789012")
	approval.applies with input as ask("namespace-edit", "production/payments")
	{entry.group | some entry in approval.required} == {"prod-approvers"}
}

test_nothing_else_does if {
	not approval.applies with input as ask("dev-admin", "345678901234")
	not approval.applies with input as ask("prod-read-only", "123456789012")
}
