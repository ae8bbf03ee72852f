import { expect, test } from 'vitest'
import { classify, silence } from '../../app/provider/kubernetes/faults.ts'
import { outcomeOf } from '../../app/provider/outcome.ts'

const wanted = {
  cluster: 'production',
  permission: 'create rolebindings.rbac.authorization.k8s.io',
  writes: true,
  name: 'gitsudo-x',
}
const answered = (status: number, body: object | string = {}, retryAfter?: string) => ({
  status,
  retryAfter,
  text:
    typeof body === 'string'
      ? body
      : JSON.stringify({ kind: 'Status', message: 'said the cluster', ...body }),
})
const network = (code: string, syscall?: string) => Object.assign(new Error(code), { code, syscall })

test.each([
  ['400', answered(400), { kind: 'invalid', message: expect.stringContaining('said the cluster') }],
  ['401', answered(401), { kind: 'forbidden', message: expect.stringContaining('credentials are refused') }],
  [
    '403',
    answered(403),
    { kind: 'forbidden', message: expect.stringContaining(`permission ${wanted.permission} is missing`) },
  ],
  [
    '403 for the role',
    answered(403, { message: 'is attempting to grant RBAC permissions not currently held' }),
    { kind: 'forbidden', message: expect.stringContaining('permission bind on this role is missing') },
  ],
  [
    '403 for a namespace that goes',
    answered(403, { details: { causes: [{ reason: 'NamespaceTerminating' }] } }),
    { kind: 'not_found', name: 'ProviderError' },
  ],
  ['404 of the API server', answered(404, { reason: 'NotFound' }), { kind: 'not_found' }],
  ['404 of anything else', answered(404, 'default backend'), { kind: 'unknown' }],
  ['409', answered(409, { reason: 'Conflict' }), { kind: 'conflict' }],
  ['422', answered(422, { reason: 'Invalid' }), { kind: 'invalid' }],
  ['429', answered(429), { kind: 'throttled', retryAfter: undefined }],
  ['429 with a header', answered(429, {}, '7'), { kind: 'throttled', retryAfter: 7000 }],
  [
    '429 with details',
    answered(429, { details: { retryAfterSeconds: 2 } }),
    { kind: 'throttled', retryAfter: 2000 },
  ],
  ['429 with nonsense', answered(429, {}, 'soon'), { kind: 'throttled', retryAfter: undefined }],
  ['429 for ever', answered(429, {}, '1e999'), { kind: 'throttled', retryAfter: undefined }],
  ['503', answered(503), { kind: 'unavailable' }],
  // etcd may have it all the same.
  ['500 to a write', answered(500), { kind: 'unknown' }],
  ['504 to a write', answered(504), { kind: 'unknown' }],
  ['302', answered(302), { kind: 'unknown' }],
])('%s', (_, answer, expected) => {
  expect(classify(answer, wanted)).toMatchObject(expected)
})

test('503 is told of the cluster, which ails; what it refuses is not', () => {
  const signal = new AbortController().signal
  const tells = (status: number) => outcomeOf(classify(answered(status), wanted), signal, true)
  expect([503, 500, 403, 404].map(tells)).toEqual(
    ['failed', 'failed', 'answered', 'answered'].map((kind) => ({ kind })),
  )
})

test('500 to a read has changed nothing', () => {
  expect(classify(answered(500), { ...wanted, writes: false }).kind).toBe('unavailable')
})

test.each([
  ['never connected', network('ECONNREFUSED', 'connect'), 'unavailable'],
  ['never resolved', network('ENOTFOUND', 'getaddrinfo'), 'unavailable'],
  ['never trusted', network('ERR_TLS_CERT_ALTNAME_INVALID'), 'unavailable'],
  ['unknown authority', network('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'unavailable'],
  ['no token', network('ENOENT', 'open'), 'unavailable'],
  // It may have been carried out.
  ['reset', network('ECONNRESET', 'read'), 'unknown'],
  ['aborted', new DOMException('aborted', 'AbortError'), 'unknown'],
  ['no error at all', 'what', 'unknown'],
] as const)('silence: %s', (_, error, kind) => {
  const fault = silence(error, wanted)
  expect(fault.kind).toBe(kind)
  expect(fault.cause).toBe(error)
})
