# One of sre approves. What a request's metadata names is asked for instead.
package gitsudo.approval

case := object.get(input.request.metadata, "case", "")

default applies := true

applies := false if case == "none"

applies if case == "two"

applies := "perhaps" if case == "two"

default approver_tier := "human"

approver_tier := "robot" if case == "tier"

approver_tier := "auto" if case == "auto"

required contains {"group": "sre", "count": 1, "reason": ""} if not case in {"count", "group", "nobody"}

required contains {"group": "sre", "count": 0, "reason": ""} if case == "count"

required contains {"group": "nowhere", "count": 1, "reason": ""} if case == "group"
