import { policyTree } from '../../app/decision/decide-policies.ts'
import type { Facts, PersonFact, ProposalFacts, ReviewFact } from '../../app/decision/facts.ts'
import { fine } from '../support/memory/access-world.ts'
import { carol, merged, open, review } from './fixture.ts'

export const tree = 't'.repeat(40)
export const reviewed = (
  person: PersonFact,
  state: ReviewFact['state'] = 'approved',
  more: Partial<ReviewFact> = {},
) => review(person, state, { id: 100 + person.id, blobs: { [policyTree]: tree }, ...more })

/** A pull request of alice's that changes policies, which the owner carol approved: it passes. */
export const base: Facts = {
  ...open,
  requests: [],
  changes: [{ path: 'policies/owners.rego', kind: 'changed', mode: '100644' }],
  reviews: [reviewed(carol)],
}
export const landed: Facts = { ...base, moment: 'merge', pull: merged.pull }
export const proposal: ProposalFacts = {
  tree,
  branchTree: 'b',
  baseTree: 'b',
  mergedTree: tree,
  superseded: false,
  odd: [],
  changed: ['policies/owners.rego'],
  strayed: [],
  accepted: 'c'.repeat(40),
  owners: { people: [{ id: carol.id, login: 'carol' }, { id: 77 }], count: 1 },
  trial: fine,
}
