import type { Facts, PolicyFacts } from '../../../app/decision/facts.ts'

/** The same facts with every list in another order, as `seed` has it. */
export const shuffled = (value: Facts, seed: number): Facts => {
  let state = seed
  const shuffle = <T>(list: readonly T[]): T[] =>
    list
      .map((item) => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
        return { item, key: state }
      })
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item)
  const told = (said: PolicyFacts): PolicyFacts => ({
    ...said,
    eligibility: shuffle(said.eligibility),
    approval: shuffle(said.approval).map((one) => ({ ...one, reviewers: shuffle(one.reviewers) })),
    groups: shuffle(said.groups).map((one) =>
      'members' in one ? { ...one, members: shuffle(one.members) } : one,
    ),
    users: shuffle(said.users),
  })
  return {
    ...value,
    changes: shuffle(value.changes),
    reviews: shuffle(value.reviews),
    contributors: shuffle(value.contributors),
    troubles: shuffle(value.troubles),
    requests: shuffle(value.requests).map((one) => ({
      ...one,
      ...(one.policies === undefined ? {} : { policies: told(one.policies) }),
      ...(one.policiesToo === undefined ? {} : { policiesToo: told(one.policiesToo) }),
    })),
  }
}
