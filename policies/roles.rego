# Who may ask for what: the role's owners and the groups it is open to besides, in a scope of the catalogue,
# for a time that grows with the requester's trust tier.
package gitsudo.eligibility

import data.lib.catalogue

# Groups that may ask for a role without owning it.
open_to := {
	"dev-admin": {"developers"},
	"db-read": {"developers"},
	"prod-read-only": {"developers"},
	"namespace-edit": {"developers", "sre"},
	"sandbox-readonly": {"developers", "sre"},
}

# Seconds by trust tier. A tier that is not listed gets nothing.
longest := {1: 1800, 2: 14400, 3: 28800, 4: 28800}

longest_in_production := {2: 1800, 3: 14400, 4: 28800}

default allow := false

# A colleague of trust tier 2 or more may open the pull request for someone else, and then approves nothing of it.
default allow_on_behalf_of := false

allow_on_behalf_of if input.author.trust_tier >= 2

allow if {
	known
	in_a_group
	input.request.duration_seconds <= limit
}

known if input.request.resource_scope in catalogue.entry.scopes

in_a_group if {
	some group in groups
	group in input.user.groups
}

groups contains group if some group in catalogue.entry.owners

groups contains group if some group in open_to[input.request.role]

limit := min([by_tier, catalogue.entry.max_duration_seconds])

by_tier := longest_in_production[input.context.trust_tier] if catalogue.production_change

by_tier := longest[input.context.trust_tier] if not catalogue.production_change

reason := sprintf("%s may be asked for by %s in %s", [
	input.request.role,
	concat(" or ", sort(groups)),
	input.request.resource_scope,
]) if {
	allow
} else := sprintf("the catalogue has no role %s of %s", [input.request.role, input.request.provider]) if {
	not catalogue.entry
} else := sprintf("%s is not open in %s", [input.request.role, input.request.resource_scope]) if {
	not known
} else := sprintf("%s is open to %s only", [input.request.role, concat(" or ", sort(groups))]) if {
	not in_a_group
} else := sprintf("trust tier %d may have %s for at most %d minutes", [
	input.context.trust_tier,
	input.request.role,
	floor(limit / 60),
]) if {
	limit
} else := sprintf("trust tier %v may not have %s", [
	object.get(input, ["context", "trust_tier"], "unknown"),
	input.request.role,
])
