import type { Terms, Verdict } from '../../../app/decision/decision.ts'
import type { Facts, PersonFact, Precedent, ReviewFact } from '../../../app/decision/facts.ts'
import { alice, approval, bob, carol, group, minute, now, open, patched, review } from '../fixture.ts'

/** A person's one review: its number is told. */
const reviewed = (
  person: PersonFact,
  state: ReviewFact['state'] = 'approved',
  more: Partial<ReviewFact> = {},
) => review(person, state, { id: 100 + person.id, ...more })
const since = now - 20 * minute
const [before, after] = [{ storedAt: since }, { storedAt: since + 1 }]
export const human = (asks: readonly string[], met = true): Terms => ({ tier: 'human', asks, met })
export const sre = ['1 of group sre']

export type RenewalCase = {
  readonly name: string
  readonly precedent?: Precedent
  readonly reviews?: readonly ReviewFact[]
  readonly headAt?: number
  readonly approval?: Parameters<typeof approval>[1]
  readonly facts?: Partial<Facts>
  readonly verdict: Verdict
  readonly had?: string
}
const auto = { tier: 'auto' }
const old = 'given under the old policy'
const nothingNew = 'nothing came since the policies changed'

export const renewalCases: readonly RenewalCase[] = [
  { name: 'the same is asked for', precedent: { last: { terms: human(sre) } }, verdict: 'passed' },
  {
    name: 'more was asked for',
    precedent: { last: { terms: human(['2 of group sre']) } },
    verdict: 'action_required',
    had: old,
  },
  {
    name: 'another group',
    precedent: { last: { terms: human(['1 of group leads']) } },
    verdict: 'action_required',
    had: old,
  },
  {
    name: 'nobody was asked for',
    precedent: { last: { terms: { tier: 'auto', asks: [], met: true } } },
    verdict: 'action_required',
    had: old,
  },
  { name: 'nothing was decided', precedent: {}, verdict: 'action_required', had: old },
  { name: 'nothing was asked', precedent: { last: {} }, verdict: 'action_required', had: old },
  { name: 'approved again', precedent: {}, reviews: [reviewed(bob, 'approved', after)], verdict: 'passed' },
  {
    name: 'approved by one before and one after',
    precedent: { last: { terms: human(['1 of group security']) } },
    approval: { required: [group('sre', 2)] },
    reviews: [reviewed(bob, 'approved', before), reviewed(carol, 'approved', after)],
    verdict: 'action_required',
  },
  {
    name: 'the same, with one more who comes after',
    precedent: { last: { terms: human(['2 of group sre'], false) } },
    approval: { required: [group('sre', 2)] },
    reviews: [reviewed(bob, 'approved', before), reviewed(carol, 'approved', after)],
    verdict: 'passed',
  },
  {
    name: 'a refusal from before still stands',
    precedent: {},
    reviews: [reviewed(bob, 'changes_requested', before), reviewed(carol, 'approved', after)],
    verdict: 'denied',
  },
  {
    name: 'an earlier change voids what came before it',
    precedent: { last: { terms: human(sre) }, since: since - 5 },
    reviews: [reviewed(bob, 'approved', { storedAt: since - 5 })],
    verdict: 'action_required',
    had: old,
  },
  {
    name: 'and nothing that came after it',
    precedent: { last: { terms: human(sre) }, since: since - 5 },
    reviews: [reviewed(bob, 'approved', { storedAt: since - 4 })],
    verdict: 'passed',
  },
  {
    name: 'did not pass before, and nothing is new',
    precedent: { last: { terms: human(sre, false) } },
    verdict: 'action_required',
    had: nothingNew,
  },
  {
    name: 'did not pass before, and was pushed since',
    precedent: { last: { terms: human(sre, false) } },
    headAt: since + 1,
    verdict: 'passed',
  },
  {
    name: 'did not pass before, and was pushed just then',
    precedent: { last: { terms: human(sre, false) } },
    headAt: since,
    verdict: 'action_required',
  },
  {
    name: 'fell to auto',
    precedent: { last: { terms: human(sre) } },
    approval: auto,
    verdict: 'action_required',
    had: nothingNew,
  },
  {
    name: 'fell to auto, pushed',
    precedent: { last: { terms: human(sre) } },
    approval: auto,
    headAt: since + 1,
    verdict: 'passed',
  },
  {
    name: 'fell to auto, approved',
    precedent: { last: { terms: human(sre) } },
    approval: auto,
    reviews: [reviewed(bob, 'approved', after)],
    verdict: 'passed',
  },
  {
    name: 'fell to auto, approved by its author',
    precedent: { last: { terms: human(sre) } },
    approval: auto,
    reviews: [reviewed(alice, 'approved', after)],
    verdict: 'action_required',
    had: nothingNew,
  },
  {
    name: 'fell to auto, approved beside somebody unknown',
    precedent: { last: { terms: human(sre) } },
    approval: auto,
    reviews: [reviewed(bob, 'approved', after)],
    facts: {
      contributors: [
        { as: 'author', person: alice },
        { as: 'author', unresolved: 'x@y', remedy: 'add it' },
      ],
    },
    verdict: 'action_required',
  },
  {
    name: 'was auto and stays so',
    precedent: { last: { terms: { tier: 'auto', asks: [], met: true } } },
    approval: auto,
    verdict: 'passed',
  },
  {
    name: 'the first policies of all',
    facts: { policy: { commit: 'c'.repeat(40) } },
    precedent: {},
    verdict: 'passed',
  },
  {
    name: 'fell to auto from nothing',
    precedent: {},
    approval: auto,
    verdict: 'action_required',
    had: nothingNew,
  },
  {
    name: 'policies of no known age, after a change of what was asked for',
    facts: { policy: { commit: 'c'.repeat(40) } },
    precedent: { last: { terms: human(sre) }, since },
    verdict: 'action_required',
    had: old,
  },
]

/** What is decided on. */
export const renewed = ({
  precedent,
  reviews = [reviewed(bob, 'approved', before)],
  headAt,
  approval: asks,
  facts,
}: RenewalCase): Facts =>
  patched(open, {
    facts: { reviews, policy: { commit: 'c'.repeat(40), since }, ...facts },
    request: precedent === undefined ? {} : { precedent },
    pull: headAt === undefined ? {} : { headAt },
    policies: {
      approval: [
        approval('production', {
          required: [group('sre')],
          ...asks,
          ...(asks?.tier === 'auto' ? { required: [] } : {}),
        }),
      ],
    },
  })
