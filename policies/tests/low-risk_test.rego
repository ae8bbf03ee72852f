package gitsudo.approval_low_risk_test

import data.gitsudo.approval

ask(role, tier) := {
	"request": {"provider": "mock", "role": role, "resource_scope": "x", "duration_seconds": 600},
	"context": {"trust_tier": tier},
}

test_low_risk_needs_nobody if {
	approval.applies with input as ask("prod-read-only", 3)
	approval.approver_tier == "auto" with input as ask("prod-read-only", 3)
}

test_anything_else_is_not_its_business if not approval.applies with input as ask("prod-infra-admin", 4)
