# What the role catalogue and the names in it say about a request. Names carry the risk, so that the
# catalogue needs no second list: prod- begins a production role, -read-only or -read ends a harmless one.
package lib.catalogue

entry := data.roles[input.request.provider][input.request.role]

default production := false

production if startswith(input.request.role, "prod-")

production if {
	some part in split(replace(input.request.resource_scope, "-", "/"), "/")
	part in {"prod", "production"}
}

default read_only := false

read_only if {
	some ending in {"read-only", "readonly", "read", "viewer", "view"}
	endswith(input.request.role, ending)
}

# A change to production: the two-person rule is about these.
default production_change := false

production_change if {
	production
	not read_only
}

# Reading for half an hour at most, by someone long known, of nothing personal.
default low_risk := false

low_risk if {
	read_only
	not holds_personal_data
	input.context.trust_tier >= 3
	input.request.duration_seconds <= 1800
}

holds_personal_data if startswith(input.request.role, "db-")
