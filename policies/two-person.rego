# A change to production takes two people besides the requester: an owner (owners.rego) and one more.
package gitsudo.approval

import data.lib.catalogue

applies := catalogue.production_change

required contains {"group": "prod-approvers", "count": 1, "reason": "changes to production take two people"}
