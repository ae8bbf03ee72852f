import fc from 'fast-check'
import type {
  Contributor,
  Facts,
  PersonFact,
  PolicyFacts,
  Precedent,
  RequestFacts,
  ReviewFact,
} from '../../app/decision/facts.ts'
import type { ApprovalResult, EligibilityResult, RequiredEntry } from '../../app/policy/result.ts'
import { access, blob, hour, now } from './fixture.ts'

/** Facts from small pools, so that people, groups and bytes meet often; and words and numbers that nobody expects. */
const odd = fc.constantFrom('', '__proto__', 'constructor', '\ud800', '\u0000', '@alice', 'x'.repeat(5000))
const word = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom('sre', 'security') },
  { weight: 1, arbitrary: odd },
)
const number = fc.oneof(fc.integer({ min: -1, max: 3 }), fc.double())
const between = (from: number, to: number) => fc.integer({ min: now + from, max: now + to })
export const person: fc.Arbitrary<PersonFact> = fc
  .integer({ min: 1, max: 9 })
  .map((id) => ({ id, login: `person-${id}` }))
const bytes = fc.oneof(
  { weight: 12, arbitrary: fc.constant(blob) },
  { weight: 1, arbitrary: fc.constant('other') },
)
const paths = ['requests/2026/12/a.yaml', 'requests/2026/12/b.yaml'] as const
const digests = { input: '', wasm: '', data: '' }
/** True in so many of a hundred. */
const mostly = (percent: number) =>
  fc.oneof(
    { weight: percent, arbitrary: fc.constant(true) },
    { weight: 100 - percent, arbitrary: fc.constant(false) },
  )

const failure = fc.record({ kind: fc.constantFrom('error' as const, 'trouble' as const), why: word })
const rarely = <T, U>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<U>) =>
  fc.oneof({ weight: 40, arbitrary: usual }, { weight: 1, arbitrary: rare })
const optional = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined, freq: 4 })

const eligibility: fc.Arbitrary<EligibilityResult> = fc.record({
  policy: fc.constantFrom('p', 'q', 'r'),
  digests: fc.constant(digests),
  outcome: rarely(
    fc.record({
      kind: fc.constant('value' as const),
      allow: mostly(85),
      reason: word,
      deny: rarely(fc.constant([]), fc.array(word, { maxLength: 2 })),
      allowBreakGlass: fc.boolean(),
      allowOnBehalfOf: mostly(85),
    }),
    failure,
  ),
})

export const entry: fc.Arbitrary<RequiredEntry> = fc.oneof(
  fc.record({ group: word, count: rarely(fc.constantFrom(1, 1, 1, 2), number), reason: word }),
  fc.record({
    users: fc.array(fc.constantFrom('u1', 'u2', 'u3'), { minLength: 1, maxLength: 2 }),
    count: fc.constant(1),
    reason: word,
  }),
)

const approval: fc.Arbitrary<ApprovalResult> = fc
  .record({
    policy: fc.constantFrom('p', 'q', 'r'),
    value: fc.record({
      kind: fc.constant('value' as const),
      applies: mostly(90),
      tier: rarely(fc.constantFrom('human', 'human', 'ai_review', 'auto'), odd),
      deny: rarely(fc.constant([]), fc.array(word, { maxLength: 2 })),
    }),
    required: optional(rarely(fc.array(entry, { minLength: 1, maxLength: 2 }), fc.constant([]))),
    approverGroup: optional(word),
    failed: rarely(fc.constant(undefined), failure),
    reviewers: fc.uniqueArray(
      fc.record({
        reviewerId: fc.integer({ min: 1, max: 9 }),
        digests: fc.constant(digests),
        outcome: rarely(fc.record({ kind: fc.constant('value' as const), allow: mostly(85) }), failure),
      }),
      { selector: ({ reviewerId }) => reviewerId, minLength: 4, maxLength: 6 },
    ),
  })
  .map(({ policy, value, required, approverGroup, failed, reviewers }) => ({
    policy,
    digests,
    outcome: failed ?? {
      ...value,
      ...(required === undefined ? {} : { required }),
      ...(approverGroup === undefined ? {} : { approverGroup }),
    },
    reviewers,
  }))

const members = rarely(fc.uniqueArray(person, { selector: ({ id }) => id, minLength: 6 }), fc.constant([]))
const policies: fc.Arbitrary<PolicyFacts> = fc.record({
  eligibility: fc.uniqueArray(eligibility, { selector: ({ policy }) => policy, minLength: 1, maxLength: 2 }),
  approval: fc.uniqueArray(approval, { selector: ({ policy }) => policy, minLength: 1, maxLength: 2 }),
  hints: fc.array(word, { maxLength: 2 }),
  groups: fc
    .tuple(members, members, rarely(fc.constant([]), fc.constant([{ name: '', unknown: 'x' }])))
    .map(([sre, security, more]) => [
      { name: 'sre', members: sre },
      { name: 'security', members: security },
      ...more,
    ]),
  users: fc.constant([1, 2, 3].map((id) => ({ login: `u${id}`, person: { id, login: `person-${id}` } }))),
})

export const review: fc.Arbitrary<ReviewFact> = fc
  .record({
    id: fc.integer({ min: 1, max: 1_000_000 }),
    reviewer: rarely(
      person.map((one) => ({ ...one, type: 'User' as const })),
      fc.constant(undefined),
    ),
    state: fc.oneof(
      { weight: 12, arbitrary: fc.constant('approved') },
      { weight: 1, arbitrary: fc.constantFrom('changes_requested', 'commented', 'dismissed') },
    ),
    contradicted: rarely(
      fc.constant(undefined),
      fc.constantFrom('approved', 'changes_requested', 'commented'),
    ),
    heard: mostly(98),
    submittedAt: rarely(
      fc.oneof(
        { weight: 9, arbitrary: between(-2 * hour, -hour) },
        { weight: 1, arbitrary: between(-hour, 0) },
      ),
      fc.double(),
    ),
    blobs: fc.tuple(bytes, rarely(bytes, fc.constant(null))),
    permission: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom('write', 'admin') },
      { weight: 1, arbitrary: fc.constantFrom('read', 'none') },
    ),
    principals: rarely(fc.constant([]), fc.constant(['aws:p'])),
  })
  .map(({ reviewer, contradicted, heard, blobs: [a, b], ...rest }) => ({
    ...rest,
    ...(reviewer === undefined ? {} : { reviewer }),
    ...(heard
      ? {
          payload: {
            commit: 'c',
            state: contradicted ?? (rest.state === 'dismissed' ? 'approved' : rest.state),
          },
          storedAt: rest.submittedAt,
        }
      : {}),
    blobs: { [paths[0]]: a, [paths[1]]: b },
  })) as fc.Arbitrary<ReviewFact>

export const contributor: fc.Arbitrary<Contributor> = rarely(
  fc.record({ as: fc.constantFrom('author', 'committer', 'co-author', 'pusher'), person }),
  fc.record({ as: fc.constantFrom('author', 'pusher'), unresolved: word, remedy: word }),
) as fc.Arbitrary<Contributor>

/** What was decided under earlier policies. */
const precedent: fc.Arbitrary<Precedent> = fc.record(
  {
    last: fc.record(
      {
        terms: fc.record({
          tier: fc.constantFrom('human', 'auto', 'none'),
          asks: fc.constantFrom([], ['1 of sre']),
          met: fc.boolean(),
        }),
      },
      { requiredKeys: [] },
    ),
    since: between(-3 * hour, 0),
  },
  { requiredKeys: [] },
)

const requestAt = (path: string): fc.Arbitrary<RequestFacts> =>
  fc
    .record({
      readable: mostly(98),
      durationSeconds: rarely(fc.constant(3600), number),
      startsAt: fc.option(between(-hour, hour / 10), { nil: undefined, freq: 2 }),
      breakGlass: mostly(2),
      requester: rarely(
        person.map((one) => ({ person: one, principals: ['aws:p'], principal: 'p' })),
        fc.record({ unknown: word, remedy: word }),
      ),
      mergedBlob: rarely(fc.constant(blob), fc.constantFrom('other', null)),
      branchBlob: rarely(fc.constant(blob), fc.constantFrom('other', null)),
      usedUp: mostly(2),
      policies,
      policiesToo: fc.option(policies, { nil: undefined, freq: 1 }),
      asked: mostly(98),
      precedent: rarely(fc.constant(undefined), precedent),
    })
    .map(
      ({
        readable,
        durationSeconds,
        startsAt,
        breakGlass,
        policiesToo,
        policies: said,
        asked,
        precedent: before,
        ...rest
      }) => ({
        id: `req_${path}` as const,
        path,
        blob,
        read: readable
          ? {
              ok: true as const,
              request: {
                ...access,
                durationSeconds,
                breakGlass,
                ...(startsAt === undefined ? {} : { startsAt }),
              },
            }
          : { ok: false as const, faults: [] },
        role: {
          provider: 'aws' as const,
          role: access.role,
          cloudRole: 'x',
          scopes: [access.scope],
          maxDurationSeconds: 7200,
        },
        ...(asked ? { policies: said } : {}),
        ...(policiesToo === undefined ? {} : { policiesToo }),
        ...(before === undefined ? {} : { precedent: before }),
        ...rest,
      }),
    )

export const facts: fc.Arbitrary<Facts> = fc
  .record({
    moment: fc.constantFrom('forecast' as const, 'forecast' as const, 'merge' as const, 'start' as const),
    requests: fc.oneof(
      { weight: 3, arbitrary: fc.tuple(requestAt(paths[0])) },
      fc.tuple(requestAt(paths[0]), requestAt(paths[1])),
    ),
    author: person,
    flags: fc.record({
      fork: mostly(2),
      draft: mostly(2),
      user: mostly(98),
      main: mostly(98),
      onBranch: mostly(98),
    }),
    mergedAt: rarely(between(-hour, 0), fc.double()),
    reviewsFrom: rarely(fc.constant(undefined), between(-2 * hour, 0)),
    policy: rarely(
      rarely(
        fc.constant({ commit: 'c' }),
        between(-3 * hour, 0).map((since) => ({ commit: 'c', since })),
      ),
      fc.record({ missing: word }),
    ),
    headAt: fc.option(between(-3 * hour, 0), { nil: undefined }),
    extra: rarely(
      fc.constant([]),
      fc.array(fc.record({ path: word, kind: fc.constantFrom('added', 'changed', 'deleted') }), {
        maxLength: 2,
      }),
    ),
    reviews: fc.uniqueArray(review, { selector: ({ id }) => id, minLength: 2, maxLength: 12, size: 'max' }),
    contributors: fc.array(contributor, { maxLength: 2 }),
    troubles: rarely(fc.constant([]), fc.array(word, { maxLength: 2 })),
    grantWindowMs: rarely(fc.constant(hour), number),
  })
  .map(
    ({
      moment: when,
      requests,
      author,
      flags,
      mergedAt,
      reviewsFrom,
      policy,
      headAt,
      extra,
      grantWindowMs,
      ...rest
    }) => ({
      now,
      moment: when,
      repository: {
        id: 100,
        fullName: 'acme/access',
        branch: 'main',
        providers: ['aws'],
        scopes: ['*'],
        reviewerPermission: 'write' as const,
        grantWindowMs,
      },
      pull: {
        number: 7,
        author,
        authorIsUser: flags.user,
        base: flags.main ? 'main' : 'other',
        headSha: 'h',
        fromFork: flags.fork,
        draft: flags.draft,
        state: when === 'forecast' ? ('open' as const) : ('closed' as const),
        ...(when === 'forecast' ? {} : { merged: { at: mergedAt, commit: 'm', onBranch: flags.onBranch } }),
        ...(reviewsFrom === undefined ? {} : { reviewsFrom }),
        ...(headAt === undefined ? {} : { headAt }),
      },
      policy,
      changes: [...requests.map(({ path }) => ({ path, kind: 'added' as const, mode: '100644' })), ...extra],
      requests,
      ...rest,
    }),
  ) as fc.Arbitrary<Facts>

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
