import { expect, test } from 'vitest'
import { outcomeOf } from '../../app/provider/outcome.ts'
import { type FaultKind, NotSentError, ProviderError } from '../../app/provider/port.ts'

const cause = new TypeError('fetch failed')
const fault = (kind: FaultKind, options: { cause?: unknown; retryAfter?: number } = { cause }) =>
  new ProviderError(kind, 'words', options)
const quiet = new AbortController().signal
const timedOut = AbortSignal.abort(new DOMException('late', 'TimeoutError'))

test.each<[string, unknown, AbortSignal, boolean, unknown]>([
  ['throttled', fault('throttled'), quiet, true, { kind: 'throttled' }],
  [
    'throttled for a while',
    fault('throttled', { retryAfter: 5 }),
    quiet,
    true,
    { kind: 'throttled', retryAfter: 5 },
  ],
  ['what was never sent', new NotSentError('busy'), quiet, true, { kind: 'untold' }],
  ['a refusal', fault('forbidden'), quiet, true, { kind: 'answered' }],
  ['a conflict', fault('conflict'), quiet, true, { kind: 'answered' }],
  ['an internal error of theirs', fault('unavailable'), quiet, true, { kind: 'failed' }],
  ['a reset connection', fault('unknown'), quiet, true, { kind: 'failed' }],
  ['not to be read yet', fault('unavailable', {}), quiet, true, { kind: 'answered' }],
  ['a mistake of ours', cause, quiet, true, { kind: 'untold' }],
  ['no answer in time', fault('unknown'), timedOut, true, { kind: 'silent' }],
  ['no answer in what time was left', fault('unknown'), timedOut, false, { kind: 'untold' }],
  [
    'throttled after a write',
    fault('unknown', { cause: fault('throttled', { retryAfter: 5 }) }),
    quiet,
    true,
    { kind: 'throttled', retryAfter: 5 },
  ],
  ['stopped by us', fault('unknown'), AbortSignal.abort(), true, { kind: 'untold' }],
])('%s', (_, error, signal, patient, expected) => {
  expect(outcomeOf(error, signal, patient)).toEqual(expected)
})
