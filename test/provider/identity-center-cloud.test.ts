import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { compare } from '../../app/grant/findings.ts'
import { assignmentPermissions } from '../../app/provider/aws/assignments.ts'
import { assignmentPolicy } from '../../app/provider/aws/identity-center.ts'
import { ProviderError } from '../../app/provider/port.ts'
import { until } from '../../app/sandbox/until.ts'
import { account } from '../support/aws.ts'
import { identityCenterWorld, permissionSet } from '../support/identity-center.ts'

let w: Awaited<ReturnType<typeof identityCenterWorld>>
beforeEach(async () => {
  w = await identityCenterWorld()
})
afterEach(() => w.aws.close())

const fault = async (work: Promise<unknown>): Promise<ProviderError> => {
  const error: unknown = await work.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  )
  if (error instanceof ProviderError) return error
  throw error
}

test('what was there before is seen, and without a sealed absence never touched', async () => {
  const intent = w.intent(1)
  const provider = w.provider()
  w.aws.identityCenter.assign(w.assignment(intent))
  expect(await provider.observe?.(intent, w.call())).toEqual({
    place: w.assignment(intent).principal,
    there: true,
  })
  expect((await fault(provider.ensure(intent, w.call()))).kind).toBe('invalid')
  expect(await provider.inspect(intent, w.call())).toEqual({ kind: 'absent' })
  expect(await provider.remove(intent, w.call())).toBe('absent')
  expect(w.aws.identityCenter.getsIn(w.assignment(intent))).toBe(true)
})

test('a user who is renamed, or whose name another gets, loses what he was given', async () => {
  const intent = w.intent(1)
  const provider = w.provider()
  const seen = await provider.observe?.(intent, w.call())
  const placed = { ...intent, place: seen?.place ?? '' }
  await provider.ensure(placed, w.call())
  w.aws.identityCenter.renameUser(w.assignment(intent).principal, 'somebody@example.com')
  w.aws.identityCenter.addUser(intent.principal)
  expect(await provider.remove(placed, w.call())).toBe('absent')
  expect(w.aws.identityCenter.getsIn(w.assignment(intent))).toBe(false)
})

test('a user may be named by id; one who is not there is said not to be', async () => {
  const id = w.aws.identityCenter.addUser('alice')
  const provider = w.provider()
  expect(await provider.observe?.(w.intent(1, { principal: id }), w.call())).toEqual({
    place: id,
    there: false,
  })
  w.aws.identityCenter.deleteUser(id)
  const placed = { ...w.intent(1, { principal: id }), place: id }
  expect(await fault(provider.ensure(placed, w.call()))).toMatchObject({
    message: expect.stringMatching(/failed: .*was not found in directory/),
  })
  const nobody = await fault(
    provider.observe?.({ ...w.intent(2), principal: 'nobody' }, w.call()) ?? Promise.reject(),
  )
  expect(nobody).toMatchObject({ kind: 'not_found', message: expect.stringContaining('nobody') })
})

test('two grants of one assignment at once wait for each other, and share it', async () => {
  const provider = w.provider()
  const first = w.intent(1)
  const place = w.assignment(first).principal
  const both = [first, { ...w.intent(2), principal: first.principal }].map((one) => ({ ...one, place }))
  await Promise.all(both.map((one) => provider.ensure(one, w.call())))
  expect(w.aws.identityCenter.getsIn(w.assignment(first))).toBe(true)
  expect((await provider.list(w.call(), both)).bindings.map(({ handle }) => handle)).toEqual(
    both.map(provider.bindingKey),
  )
})

test.each(
  (['throttled', 'forbidden', 'conflict'] as const).flatMap((answer) => [
    [answer, 'DescribeAccountAssignmentCreationStatus', 0] as const,
    [answer, 'ListAccountAssignmentsForPrincipal', 1] as const,
  ]),
)('a read that is %s after the assignment was accepted is no answer to it: %s', async (answer, on, after) => {
  const intent = w.intent(1)
  const placed = { ...intent, place: w.assignment(intent).principal }
  w.aws.faults.plan({ answer, on: [on], after, count: 1 })
  const refused = await fault(w.provider().ensure(placed, w.call()))
  expect(refused.kind).toBe('unknown')
  if (answer === 'throttled') expect(refused.retryAfter).toBeGreaterThan(0)
  expect(w.aws.calls.get('CreateAccountAssignment')).toBe(1)
  await until('it was made all the same', async () => w.aws.identityCenter.getsIn(w.assignment(intent)))
})

test('who is deleted or renamed keeps nobody else off the list, and nobody is looked up for it', async () => {
  const provider = w.provider()
  const placed = [1, 2, 3].map((number) => {
    const intent = w.intent(number)
    return { ...intent, place: w.assignment(intent).principal }
  })
  for (const one of placed) w.aws.identityCenter.assign(w.assignment(one))
  const [deleted, renamed, stays] = placed
  w.aws.identityCenter.deleteUser(deleted?.place ?? '')
  w.aws.identityCenter.renameUser(renamed?.place ?? '', 'somebody@example.com')
  w.aws.withdraw('identitystore:GetUserId')
  const { bindings: listed } = await provider.list(w.call(), [...placed, w.intent(4)])
  expect(listed.map(({ grant }) => grant)).toContain(stays?.grant)
  expect(listed.map(({ grant }) => grant)).toContain(renamed?.grant)
})

test('a user is asked about once in an account, whatever he was given there, and again after a throttling', async () => {
  const provider = w.provider()
  const first = w.intent(1)
  const place = w.assignment(first).principal
  const set = (last: string) => ({ cloudRole: permissionSet.replace(/.$/, last), principal: first.principal })
  const alike = [first, w.intent(2, set('0')), w.intent(3, set('1'))].map((one) => ({ ...one, place }))
  for (const one of alike.slice(0, 2)) w.aws.identityCenter.assign(w.assignment(one))
  w.aws.faults.plan({ answer: 'throttled', on: ['ListAccountAssignmentsForPrincipal'], count: 1 })
  const { bindings, unread } = await provider.list(w.call(), alike)
  expect(bindings.map(({ grant }) => grant)).toEqual(alike.slice(0, 2).map(({ grant }) => grant))
  expect(unread).toEqual([])
  expect(w.aws.calls.get('ListAccountAssignmentsForPrincipal')).toBe(2)
})

test('an account that cannot be read is named once, and nothing in another one is left out for it', async () => {
  const provider = w.provider()
  const other = '210987654321'
  const placed = [w.intent(1), w.intent(2, { scope: other }), w.intent(3, { scope: other })].map(
    (intent) => ({
      ...intent,
      place: w.assignment(intent).principal,
    }),
  )
  w.aws.faults.plan({ answer: 'forbidden', on: ['ListAccountAssignmentsForPrincipal'], about: other })
  const { bindings, unread } = await provider.list(w.call(), placed)
  expect(unread).toEqual([{ place: other, kind: 'forbidden', why: expect.any(String) }])
  const issued = { seq: 1, stage: 'issued', blocked: false } as const
  const open = new Map(placed.map((intent) => [intent.grant, { ...issued, intent }]))
  const unreadPlaces = unread.map(({ place }) => place)
  const before = new Set(placed.map(({ grant }) => grant))
  const { missing } = compare(bindings, open, provider, before, w.clock.now(), unreadPlaces)
  expect(missing).toEqual([placed[0]?.grant])
})

test('of a user whom AWS does not know the list says nothing and goes on, nothing is wrong with it, and he has nothing', async () => {
  const unknown = createServer((_, answer) => {
    answer.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' })
    answer.end(JSON.stringify({ __type: 'ResourceNotFoundException', message: 'USER not found.' }))
  })
  await new Promise<void>((listening) => unknown.listen(0, '127.0.0.1', listening))
  try {
    const { port } = unknown.address() as AddressInfo
    const intent = w.intent(1)
    const placed = { ...intent, place: w.assignment(intent).principal }
    const provider = w.provider(`http://127.0.0.1:${port}`)
    expect((await provider.list(w.call(), [placed])).bindings).toEqual([])
    expect(await provider.check(w.call())).toEqual([])
    expect(await provider.inspect(placed, w.call())).toEqual({ kind: 'absent' })
    expect(await provider.remove(placed, w.call())).toBe('absent')
  } finally {
    unknown.close()
  }
})

test('what is not there any more, or whose user is gone, is taken away', async () => {
  const provider = w.provider()
  const placed = [1, 2].map((number) => {
    const intent = w.intent(number)
    return { ...intent, place: w.assignment(intent).principal }
  })
  w.aws.identityCenter.deleteUser(placed[1]?.place ?? '')
  for (const one of placed) expect(await provider.remove(one, w.call())).toBe('absent')
})

test('check finds nothing wrong where there is nobody whom it asks about', async () => {
  expect(await w.provider().check(w.call())).toEqual([])
  expect(w.aws.calls.get('DescribeAccountAssignmentDeletionStatus')).toBeGreaterThan(0)
})

test.each([
  'sso:ListAccountAssignmentsForPrincipal',
  'sso:DeleteAccountAssignment',
  'identitystore:GetUserId',
])('check finds that %s is missing, and prints what would mend it', async (permission) => {
  w.aws.withdraw(permission)
  const [missing, mend] = await w.provider().check(w.call())
  expect(missing).toContain(`permission ${permission} is missing`)
  expect(mend).toContain(JSON.stringify(assignmentPermissions))
})

test('check tries each account and permission set, and names each that refuses beside what nobody can give', async () => {
  const [other, set] = ['210987654321', permissionSet.replace(/.$/, '0')]
  w.offered.push(
    { cloudRole: permissionSet, scope: other, seconds: 60 },
    { cloudRole: set, scope: other, seconds: 60 },
    { cloudRole: set, scope: other, seconds: 3600 },
    { cloudRole: 'ReadOnly', scope: account, seconds: 60 },
  )
  w.aws.faults.plan({ answer: 'forbidden', on: ['DeleteAccountAssignment'], about: other })
  const found = await w.provider().check(w.call())
  expect(found).toEqual([
    expect.stringMatching(/permission \S+ is missing/),
    expect.stringMatching(/permission \S+ is missing/),
    expect.stringMatching(/ReadOnly is none/),
    expect.stringMatching(/own permissions/),
  ])
  expect(found[0]).toContain(`${permissionSet} ${other}`)
  expect(found[1]).toContain(`${set} ${other}`)
  expect(w.aws.calls.get('GetUserId')).toBe(1)
})

test('check says that nothing was tried where nothing is offered, and prints what will be needed', async () => {
  w.offered.length = 0
  expect(await w.provider().check(w.call())).toEqual([
    expect.stringMatching(/nothing could be tried/),
    `gitsudo's own permissions: ${JSON.stringify(assignmentPolicy())}`,
  ])
})

test('check names what the catalogue has and nobody can give', async () => {
  w.offered.push({ cloudRole: 'ReadOnly', scope: account, seconds: 60 })
  expect(await w.provider().check(w.call())).toEqual([expect.stringMatching(/ReadOnly is none/)])
})
