import fc from 'fast-check'
import type { Contributor, ReviewFact } from '../../../app/decision/facts.ts'
import { hour } from '../fixture.ts'
import { between, bytes, mostly, paths, person, rarely, word } from './pools.ts'

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
