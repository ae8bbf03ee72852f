import { expect, test } from 'vitest'
import { classify } from '../../app/provider/gcp/faults.ts'

const wanted = {
  call: 'setIamPolicy',
  resource: 'projects/p',
  permission: 'resourcemanager.projects.setIamPolicy',
}
const answered = (status: number, details: unknown = undefined, headers = new Headers()) =>
  Object.assign(new Error('request failed'), {
    response: { status, headers, data: { error: { message: 'said Google', details } } },
  })
const network = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })

test.each([
  ['400', answered(400), { kind: 'invalid', message: expect.stringContaining('said Google') }],
  ['401', answered(401), { kind: 'forbidden' }],
  [
    '403',
    answered(403),
    {
      kind: 'forbidden',
      message: expect.stringContaining('permission resourcemanager.projects.setIamPolicy is missing'),
    },
  ],
  [
    '403 for the rate',
    answered(403, [{ reason: 'RATE_LIMIT_EXCEEDED' }]),
    { kind: 'throttled', retryAfter: undefined },
  ],
  [
    '403 for an API that is not enabled',
    answered(403, [{ reason: 'SERVICE_DISABLED' }]),
    { kind: 'forbidden', message: 'gcp: setIamPolicy of projects/p: said Google' },
  ],
  ['404', answered(404), { kind: 'not_found' }],
  ['409', answered(409), { kind: 'conflict' }],
  ['412', answered(412), { kind: 'conflict' }],
  ['429', answered(429), { kind: 'throttled', retryAfter: undefined }],
  [
    '429 with a header',
    answered(429, [], new Headers({ 'retry-after': '7' })),
    { kind: 'throttled', retryAfter: 7000 },
  ],
  ['429 with RetryInfo', answered(429, [{ retryDelay: '1.5s' }]), { kind: 'throttled', retryAfter: 1500 }],
  [
    '429 with nonsense',
    answered(429, 'later', new Headers({ 'retry-after': 'soon' })),
    { kind: 'throttled', retryAfter: undefined },
  ],
  ['500', answered(500), { kind: 'unavailable' }],
  ['503', answered(503), { kind: 'unavailable' }],
  ['418', answered(418), { kind: 'unknown' }],
  ['never sent', network('ECONNREFUSED'), { kind: 'unavailable' }],
  // It may have been carried out.
  ['reset', network('ECONNRESET'), { kind: 'unknown' }],
  ['aborted', new DOMException('aborted', 'AbortError'), { kind: 'unknown' }],
  ['no error at all', 'what', { kind: 'unknown', message: expect.stringContaining('what') }],
])('%s', (_name, error, expected) => {
  const fault = classify(error, wanted)
  expect(fault).toMatchObject(expected)
  expect(fault.cause).toBe(error)
})
