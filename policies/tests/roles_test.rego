package gitsudo.eligibility_roles_test

import data.gitsudo.eligibility

roles := {"mock": {
	"prod-infra-admin": {"scopes": ["123456789012"], "max_duration_seconds": 14400, "owners": ["sre"]},
	"dev-admin": {"scopes": ["345678901234"], "max_duration_seconds": 28800, "owners": ["platform"]},
}}

ask(group, tier, role, scope, seconds) := {
	"user": {"groups": [group]},
	"author": {"trust_tier": tier},
	"request": {"provider": "mock", "role": role, "resource_scope": scope, "duration_seconds": seconds},
	"context": {"trust_tier": tier},
}

test_an_owner_may_have_it if {
	eligibility.allow with data.roles as roles with input as ask("sre", 3, "prod-infra-admin", "123456789012", 14400)
}

test_a_group_it_is_open_to_may_have_it if {
	eligibility.allow with data.roles as roles with input as ask("developers", 2, "dev-admin", "345678901234", 14400)
}

test_another_group_may_not if {
	question := ask("developers", 3, "prod-infra-admin", "123456789012", 60)
	not eligibility.allow with data.roles as roles with input as question
	eligibility.reason == "prod-infra-admin is open to sre only" with data.roles as roles with input as question
}

test_scopes_are_exact if {
	question := ask("sre", 3, "prod-infra-admin", "12345678901", 60)
	not eligibility.allow with data.roles as roles with input as question
	eligibility.reason == "prod-infra-admin is not open in 12345678901" with data.roles as roles with input as question
}

test_an_unknown_role_is_named if {
	question := ask("sre", 3, "prod-infra-owner", "123456789012", 60)
	not eligibility.allow with data.roles as roles with input as question
	eligibility.reason == "the catalogue has no role prod-infra-owner of mock" with data.roles as roles with input as question
}

test_time_grows_with_trust if {
	eligibility.limit == 1800 with data.roles as roles with input as ask("sre", 2, "prod-infra-admin", "123456789012", 60)
	eligibility.limit == 14400 with data.roles as roles with input as ask("sre", 4, "prod-infra-admin", "123456789012", 60)
	eligibility.limit == 1800 with data.roles as roles with input as ask("developers", 1, "dev-admin", "345678901234", 60)
}

test_too_long_says_how_long if {
	question := ask("sre", 2, "prod-infra-admin", "123456789012", 3600)
	not eligibility.allow with data.roles as roles with input as question
	reason := "trust tier 2 may have prod-infra-admin for at most 30 minutes"
	eligibility.reason == reason with data.roles as roles with input as question
}

test_tier_0_gets_nothing if {
	question := ask("sre", 0, "dev-admin", "345678901234", 1)
	not eligibility.allow with data.roles as roles with input as question
}

test_no_trust_tier_gets_nothing if {
	question := object.remove(ask("platform", 4, "dev-admin", "345678901234", 1), ["context"])
	not eligibility.allow with data.roles as roles with input as question
}

test_a_colleague_may_open_it_and_a_newcomer_may_not if {
	eligibility.allow_on_behalf_of with input as ask("sre", 2, "dev-admin", "345678901234", 1)
	not eligibility.allow_on_behalf_of with input as ask("sre", 1, "dev-admin", "345678901234", 1)
}
