package lib.catalogue_test

import data.lib.catalogue

request(role, scope, seconds) := {
	"request": {"provider": "mock", "role": role, "resource_scope": scope, "duration_seconds": seconds},
	"context": {"trust_tier": 3},
}

test_a_prod_role_is_production if catalogue.production with input as request("prod-infra-admin", "x", 60)

test_a_production_scope_is_production if {
	catalogue.production with input as request("namespace-edit", "production/checkout", 60)
	catalogue.production with input as request("compute-admin", "projects/example-prod", 60)
}

test_a_word_that_only_begins_so_is_not if {
	not catalogue.production with input as request("product-admin", "products/production-like-not", 60)
		with input.request.resource_scope as "products/reproduction"
}

test_reading_production_is_no_change if {
	catalogue.production with input as request("prod-read-only", "x", 60)
	not catalogue.production_change with input as request("prod-read-only", "x", 60)
}

test_half_an_hour_of_reading_is_low_risk if catalogue.low_risk with input as request("prod-read-only", "x", 1800)

test_a_second_more_is_not if not catalogue.low_risk with input as request("prod-read-only", "x", 1801)

test_personal_data_is_never_low_risk if not catalogue.low_risk with input as request("db-read", "orders", 60)

test_nor_is_anything_for_a_newcomer if {
	not catalogue.low_risk with input as request("prod-read-only", "x", 60) with input.context.trust_tier as 2
}

test_nor_without_a_trust_tier if {
	not catalogue.low_risk with input as object.remove(request("prod-read-only", "x", 60), ["context"])
}
