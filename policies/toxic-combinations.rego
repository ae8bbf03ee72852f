# Two harmless roles can be one dangerous one: whoever administers the infrastructure must not at the same
# time read what runs on it. Grants that are only queued count, or two requests at once would slip through.
package gitsudo.eligibility

combinations := {
	{"prod-infra-admin", "db-read"},
	{"namespace-edit", "db-read"},
}

deny contains sprintf("%s and %s (%s) must not be held together", [input.request.role, grant.role, grant.id]) if {
	some grant in array.concat(input.context.active_grants, input.context.queued_grants)
	grant.role != input.request.role
	{grant.role, input.request.role} in combinations
}
