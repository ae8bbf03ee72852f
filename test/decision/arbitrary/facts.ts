import fc from 'fast-check'
import type { Facts, Precedent, RequestFacts } from '../../../app/decision/facts.ts'
import { access, blob, full, hour, now } from '../fixture.ts'
import { policies } from './policies.ts'
import { between, mostly, number, paths, person, rarely, word } from './pools.ts'
import { contributor, review } from './reviews.ts'

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
      revoked: rarely(fc.constant(undefined), fc.record({ by: word, why: word })),
      policies,
      policiesToo: fc.option(policies, { nil: undefined, freq: 1 }),
      asked: mostly(98),
      limits: fc.oneof(
        { weight: 20, arbitrary: fc.constantFrom(undefined, []) },
        { weight: 1, arbitrary: fc.constant([full]) },
      ),
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
        revoked,
        limits,
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
        ...(revoked === undefined ? {} : { revoked }),
        ...(limits === undefined ? {} : { limits }),
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
