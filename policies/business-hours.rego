# Changes that can wait are made while people are at work to notice them.
package gitsudo.eligibility

roles := {"subscription-contributor", "compute-admin"}

zone := "UTC"

deny contains sprintf("%s is given from Monday to Friday, 08:00 to 18:00 %s", [input.request.role, zone]) if {
	input.request.role in roles
	not at_work
}

at_work if {
	not time.weekday([input.context.now_ns, zone]) in {"Saturday", "Sunday"}
	[hour, _, _] := time.clock([input.context.now_ns, zone])
	hour >= 8
	hour < 18
}
