import fc from 'fast-check'
import type { PersonFact } from '../../../app/decision/facts.ts'
import { blob, now } from '../fixture.ts'

/** Facts from small pools, so that people, groups and bytes meet often; and words and numbers that nobody expects. */
export const odd = fc.constantFrom(
  '',
  '__proto__',
  'constructor',
  '\ud800',
  '\u0000',
  '@alice',
  'x'.repeat(5000),
)
export const word = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom('sre', 'security') },
  { weight: 1, arbitrary: odd },
)
export const number = fc.oneof(fc.integer({ min: -1, max: 3 }), fc.double())
export const between = (from: number, to: number) => fc.integer({ min: now + from, max: now + to })
export const person: fc.Arbitrary<PersonFact> = fc
  .integer({ min: 1, max: 9 })
  .map((id) => ({ id, login: `person-${id}` }))
export const bytes = fc.oneof(
  { weight: 12, arbitrary: fc.constant(blob) },
  { weight: 1, arbitrary: fc.constant('other') },
)
export const paths = ['requests/2026/12/a.yaml', 'requests/2026/12/b.yaml'] as const
export const digests = { input: '', wasm: '', data: '' }
/** True in so many of a hundred. */
export const mostly = (percent: number) =>
  fc.oneof(
    { weight: percent, arbitrary: fc.constant(true) },
    { weight: 100 - percent, arbitrary: fc.constant(false) },
  )

export const failure = fc.record({ kind: fc.constantFrom('error' as const, 'trouble' as const), why: word })
export const rarely = <T, U>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<U>) =>
  fc.oneof({ weight: 40, arbitrary: usual }, { weight: 1, arbitrary: rare })
export const optional = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined, freq: 4 })
