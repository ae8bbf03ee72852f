import { expect, test } from 'vitest'
import { classify, isFull, isStale, lacks } from '../../app/provider/aws/faults.ts'

const wanted = { call: 'GetRole', of: 'arn:aws:iam::1:role/r', permission: 'iam:GetRole' }
const answered = (name: string, status: number, message = 'said AWS', headers = {}) =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status }, $response: { headers } })
const network = (code: string) => Object.assign(new Error(code), { code })

test.each([
  ['Throttling', answered('Throttling', 400), { kind: 'throttled', retryAfter: 1000 }],
  [
    'with a header',
    answered('ThrottlingException', 429, '', { 'retry-after': '7' }),
    { kind: 'throttled', retryAfter: 7000 },
  ],
  ['429', answered('Strange', 429), { kind: 'throttled' }],
  ['a conflict', answered('ConflictException', 409), { kind: 'conflict' }],
  ['another writer', answered('ConcurrentModification', 409), { kind: 'conflict' }],
  ['not there', answered('NoSuchEntity', 404), { kind: 'not_found' }],
  ['not there, in JSON', answered('ResourceNotFoundException', 400), { kind: 'not_found' }],
  [
    'a permission that its words name',
    answered('AccessDenied', 403, 'User: a is not authorized to perform: sts:TagSession on resource: b'),
    { kind: 'forbidden', message: expect.stringContaining('permission sts:TagSession is missing') },
  ],
  [
    'a permission',
    answered('AccessDenied', 403),
    { kind: 'forbidden', message: expect.stringContaining('iam:GetRole') },
  ],
  [
    'dead keys',
    answered('ExpiredToken', 403),
    { kind: 'forbidden', message: expect.stringContaining('credentials') },
  ],
  ['no keys', answered('CredentialsProviderError', 0), { kind: 'forbidden' }],
  ['validation', answered('ValidationError', 400), { kind: 'invalid' }],
  ['no document', answered('MalformedPolicyDocument', 400), { kind: 'invalid' }],
  ['500', answered('InternalFailure', 500), { kind: 'unavailable' }],
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

test('lacking one action is not lacking another', () => {
  const error = answered(
    'AccessDenied',
    403,
    'User: a is not authorized to perform: sts:TagSession on resource: b',
  )
  expect([lacks(error, 'sts:TagSession'), lacks(error, 'sts:AssumeRole')]).toEqual([true, false])
  expect([isStale(answered('ExpiredToken', 403)), isStale(error)]).toEqual([true, false])
  expect([isFull(answered('LimitExceeded', 409)), isFull(error)]).toEqual([true, false])
})
