# Everybody is eligible. What a request's metadata names goes wrong beside it.
package gitsudo.eligibility

case := object.get(input.request.metadata, "case", "")

allow if not case == "type"

allow := "yes" if case == "type"

reason := "one" if case == "conflict"

reason := "another" if case == "conflict"

deny contains "never" if count(m8) < 0

# Six hundred megabytes.
m0 := case if case == "memory"

m1 := concat("", [m0 | some _ in numbers.range(1, 10)])

m2 := concat("", [m1 | some _ in numbers.range(1, 10)])

m3 := concat("", [m2 | some _ in numbers.range(1, 10)])

m4 := concat("", [m3 | some _ in numbers.range(1, 10)])

m5 := concat("", [m4 | some _ in numbers.range(1, 10)])

m6 := concat("", [m5 | some _ in numbers.range(1, 10)])

m7 := concat("", [m6 | some _ in numbers.range(1, 10)])

m8 := concat("", [m7 | some _ in numbers.range(1, 10)])

deny contains "the holidays" if case == "deny"

allow_on_behalf_of if case in {"deny", "behalf"}
