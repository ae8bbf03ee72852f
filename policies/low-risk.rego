# Low-risk requests need nobody.
package gitsudo.approval

import data.lib.catalogue

applies := catalogue.low_risk

approver_tier := "auto"
