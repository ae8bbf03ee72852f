import { expect, test } from 'vitest'
import { classify } from '../../app/provider/azure/faults.ts'

const wanted = {
  call: 'the assignment',
  scope: '/subscriptions/s',
  permission: 'Microsoft.Authorization/x/write',
}
const answered = (statusCode: number, code = 'SomeCode', headers = new Headers()) =>
  Object.assign(new Error('said Azure'), { name: 'RestError', statusCode, code, response: { headers } })
const network = (code: string) =>
  Object.assign(new Error('no answer', { cause: Object.assign(new Error(code), { code }) }), {
    name: 'RestError',
    code: 'REQUEST_SEND_ERROR',
  })
const withoutToken = (cause: object) =>
  Object.assign(new Error('no token', { cause: Object.assign(new Error('inner'), cause) }), {
    name: 'AuthenticationRequiredError',
  })

test.each([
  ['400', answered(400), { kind: 'invalid', message: expect.stringContaining('said Azure') }],
  ['a principal not yet known', answered(400, 'PrincipalNotFound'), { kind: 'conflict' }],
  ['another’s assignment', answered(409, 'RoleAssignmentExists'), { kind: 'invalid' }],
  ['a full subscription', answered(400, 'RoleAssignmentLimitExceeded'), { kind: 'invalid' }],
  ['a full subscription as 409', answered(409, 'RoleAssignmentLimitExceeded'), { kind: 'invalid' }],
  ['a removal within five minutes', answered(400, 'ActiveDurationTooShort'), { kind: 'conflict' }],
  ['a request under way', answered(400, 'PendingRoleAssignmentRequest'), { kind: 'conflict' }],
  ['401', answered(401), { kind: 'forbidden' }],
  [
    '403',
    answered(403, 'AuthorizationFailed'),
    {
      kind: 'forbidden',
      message: expect.stringContaining('permission Microsoft.Authorization/x/write is missing'),
    },
  ],
  ['404', answered(404), { kind: 'not_found' }],
  ['a lock', answered(409, 'ScopeLocked'), { kind: 'conflict' }],
  ['412', answered(412), { kind: 'conflict' }],
  ['429', answered(429), { kind: 'throttled', retryAfter: undefined }],
  [
    '429 with a header',
    answered(429, 'TooManyRequests', new Headers({ 'retry-after': '7' })),
    { kind: 'throttled', retryAfter: 7000 },
  ],
  [
    '429 with nonsense',
    answered(429, 'TooManyRequests', new Headers({ 'retry-after': 'soon' })),
    { kind: 'throttled', retryAfter: undefined },
  ],
  ['500', answered(500), { kind: 'unavailable' }],
  ['418', answered(418), { kind: 'unknown' }],
  ['never sent', network('ECONNREFUSED'), { kind: 'unavailable' }],
  // It may have been carried out.
  ['reset', network('ECONNRESET'), { kind: 'unknown' }],
  ['aborted', new DOMException('aborted', 'AbortError'), { kind: 'unknown' }],
  ['no error at all', 'what', { kind: 'unknown', message: expect.stringContaining('what') }],
  ['credentials refused', withoutToken({ status: 401 }), { kind: 'forbidden' }],
  ['Entra away', withoutToken({ status: 503 }), { kind: 'unavailable' }],
  ['Entra out of reach', withoutToken({ errorCode: 'network_error' }), { kind: 'unavailable' }],
  ['Entra throttling', withoutToken({ status: 429 }), { kind: 'throttled' }],
])('%s', (_name, error, expected) => {
  const fault = classify(error, wanted)
  expect(fault).toMatchObject(expected)
  expect(fault.cause).toBe(error)
})
