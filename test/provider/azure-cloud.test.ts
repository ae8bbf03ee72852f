import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createCredential } from '../../app/provider/azure/credentials.ts'
import { classify } from '../../app/provider/azure/faults.ts'
import { permissions } from '../../app/provider/azure/permissions.ts'
import { ProviderError } from '../../app/provider/port.ts'
import {
  azureWorld,
  foreignAnswers,
  managementGroup,
  person,
  reader,
  subscription,
} from '../support/azure.ts'

const group = `${subscription}/resourceGroups/checkout`
const store = `${group}/providers/Microsoft.Storage/storageAccounts/orders`
let w: Awaited<ReturnType<typeof azureWorld>>
beforeEach(async () => {
  w = await azureWorld('role_assignment')
})
afterEach(() => w.azure.close())

const fault = async (work: Promise<unknown>): Promise<ProviderError> => {
  const error: unknown = await work.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  )
  if (error instanceof ProviderError) return error
  throw error
}
const theirs = { roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${reader}` }
const stranger = 'f0000000-0000-4000-8000-000000000001'

test.each([
  [managementGroup, true],
  [subscription, true],
  [subscription.slice('/subscriptions/'.length), true],
  [group, true],
  [store, true],
  [`${group}/providers/Microsoft.Storage/storageAccounts/carts`, false],
])('a grant on %s lets its principal into what is in it', async (scope, in_) => {
  const intent = w.intent(1, { scope })
  await w.provider().ensure(intent, w.call())
  expect(w.getsIn({ ...intent, scope: store })).toBe(in_)
  expect(await w.provider().remove(intent, w.call())).toBe('absent')
  expect(w.getsIn({ ...intent, scope: store })).toBe(false)
  expect(w.azure.assignments()).toEqual([])
})

test('an assignment says whose it is, and whom it is for', async () => {
  const intent = w.intent(1, { principal: `servicePrincipal:${person(9)}`, cloudRole: 'Reader' })
  w.azure.setPrincipal(person(9), 'ServicePrincipal')
  const provider = w.provider()
  await provider.ensure(intent, w.call())
  expect(w.azure.assignments()).toMatchObject([
    {
      name: provider.bindingKey(intent).split(' ')[1],
      principalId: person(9),
      principalType: 'ServicePrincipal',
      role: reader,
      description: expect.stringMatching(/^gitsudo-[0-9a-v]{8}-req-[0-9a-z]{26}$/),
    },
  ])
})

describe('who is new in the directory', () => {
  test('is assigned by type before it has heard of him', async () => {
    w.azure.setPrincipal(person(1), 'new')
    expect(await w.provider().ensure(w.intent(1), w.call())).toMatchObject({ kind: 'present' })
  })

  test('or unknown is looked for again', async () => {
    w.azure.setPrincipal(person(1), undefined)
    expect(await fault(w.provider().ensure(w.intent(1), w.call()))).toMatchObject({ kind: 'conflict' })
    w.azure.setPrincipal(person(1), 'User')
    expect(await w.provider().ensure(w.intent(1), w.call())).toMatchObject({ kind: 'present' })
  })

  test('or a group by mistake is nobody that a grant is for', async () => {
    w.azure.setPrincipal(person(1), 'Group')
    expect(await fault(w.provider().ensure(w.intent(1), w.call()))).toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/has type Group/),
    })
  })
})

describe('an assignment that others made', () => {
  beforeEach(() => w.azure.assign(subscription, stranger, { ...theirs, principalId: person(1) }))

  test('is not taken for a grant, and stays', async () => {
    const provider = w.provider()
    expect(await fault(provider.ensure(w.intent(1), w.call()))).toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/already exists.*not gitsudo’s: take it away first/),
    })
    expect(await provider.inspect(w.intent(1), w.call())).toEqual({ kind: 'absent' })
    expect(await provider.remove(w.intent(1), w.call())).toBe('absent')
    expect((await provider.list(w.call(), [])).bindings).toEqual([])
    expect(w.azure.assignments()).toMatchObject([{ name: stranger }])
  })

  test('of another role or at another scope is none of its business', async () => {
    const intents = [w.intent(1, { cloudRole: 'Contributor' }), w.intent(1, { scope: group })]
    for (const intent of intents) await w.provider().ensure(intent, w.call())
    for (const intent of intents) expect(await w.provider().remove(intent, w.call())).toBe('absent')
    expect(w.azure.assignments()).toMatchObject([{ name: stranger }])
  })
})

describe('a role that is written by its name and by its id', () => {
  const [byName, byId] = [
    () => w.intent(1, { cloudRole: 'Reader' }),
    () => w.intent(51, { principal: person(1) }),
  ]
  const mark = /^gitsudo-[0-9a-v]{8}-req-[0-9a-z]{26}$/

  test.each([
    [byName, byId],
    [byId, byName],
  ])('is given once, and whoever asks hears whose it is', async (first, second) => {
    const provider = w.provider()
    await provider.ensure(first(), w.call())
    const [{ description = '' } = {}] = w.azure.assignments()
    expect(description).toMatch(mark)
    const refused = await fault(provider.ensure(second(), w.call()))
    expect(refused.kind).toBe('invalid')
    expect(refused.message).toContain(`It is gitsudo’s own, first made as ${description}`)
    expect(refused.message).toMatch(/leave it.*write the role one way/)
    expect(refused.message).not.toMatch(/take it away/)
    expect(await provider.remove(second(), w.call())).toBe('absent')
    expect(w.getsIn(byId())).toBe(true)
  })

  test('is refused to nobody for what cannot be seen', async () => {
    const provider = w.provider()
    await provider.ensure(byName(), w.call())
    w.azure.faults.plan({ answer: 'throttled', on: ['roleAssignments/read'], count: 1 })
    expect((await fault(provider.ensure(byId(), w.call()))).kind).toBe('throttled')
    w.azure.faults.plan({ answer: 'stale', on: ['roleAssignments/read'], count: 1 })
    expect((await fault(provider.ensure(byId(), w.call()))).kind).toBe('conflict')
  })

  test('is named by check, once for each scope', async () => {
    const scopes = [subscription.toUpperCase().replace('SUBSCRIPTIONS', 'subscriptions'), subscription, group]
    w.offers.push(
      ...scopes.map((scope) => ({ cloudRole: 'Reader', scope, seconds: 60 })),
      { cloudRole: reader.toUpperCase(), scope: subscription, seconds: 60 },
      { cloudRole: reader, scope: subscription, seconds: 60 },
    )
    expect(await w.provider().check(w.call())).toEqual([
      `roles.yaml: Reader and ${reader} are one role at ${subscription}: write it one way, for Azure gives it once`,
    ])
  })
})

describe.each(foreignAnswers)('%s in the place of an answer, with 200', (_name, answer) => {
  const reads = ['roleAssignments/read']

  test('is neither something there nor nothing there', async () => {
    const [provider, intent] = [w.provider(), w.intent(1)]
    w.azure.intercept([...reads, 'roleAssignments/write'], answer)
    expect(await fault(provider.ensure(intent, w.call()))).toMatchObject({
      kind: 'unknown',
      message: expect.stringContaining('what answered is no assignment'),
    })
    expect(w.azure.assignments()).toEqual([])
    w.azure.intercept(['roleAssignments/write'])
    expect((await fault(provider.ensure(intent, w.call()))).kind).toBe('unknown')
    expect((await fault(provider.inspect(intent, w.call()))).kind).toBe('unknown')
    expect(await fault(provider.list(w.call(), [intent]))).toMatchObject({
      kind: 'unknown',
      message: expect.stringContaining('what answered is no list'),
    })
    w.azure.intercept(reads)
    expect((await provider.inspect(intent, w.call())).kind).toBe('present')
  })

  test('is no drift: nothing that was approved is taken away for it', async () => {
    const [provider, intent] = [w.provider(), w.intent(1)]
    await provider.ensure(intent, w.call())
    w.azure.intercept(reads, answer)
    expect(await fault(provider.cutBack?.(intent, w.call()) ?? Promise.resolve())).toMatchObject({
      kind: 'unknown',
    })
    expect(w.getsIn(intent)).toBe(true)
    expect((await fault(provider.remove(intent, w.call()))).kind).toBe('unknown')
    w.azure.intercept(reads)
    expect(await provider.remove(intent, w.call())).toBe('absent')
  })

  test('does not say that a role or a subscription is not there', async () => {
    const [provider, intent] = [w.provider(), w.intent(1, { cloudRole: 'Reader' })]
    w.azure.intercept(['roleDefinitions/read'], answer)
    expect((await fault(provider.ensure(intent, w.call()))).kind).toBe('unknown')
    w.azure.intercept(['roleDefinitions/read'])
    w.azure.intercept(['scopes/read'], answer)
    expect((await fault(provider.list(w.call(), []))).kind).toBe('unknown')
    expect((await fault(provider.check(w.call()))).kind).toBe('unknown')
  })
})

test('grants of one access share an assignment however scope and id are written', () => {
  const provider = w.provider()
  const alike = [
    w.intent(1, { scope: group }),
    w.intent(2, { scope: group.toLowerCase(), principal: `user:${person(1)}` }),
    w.intent(3, { scope: group, principal: person(1).toUpperCase() }),
  ]
  expect(new Set(alike.map(provider.bindingKey)).size).toBe(1)
  expect(provider.bindingKey(w.intent(1))).not.toBe(w.provider('theirs').bindingKey(w.intent(1)))
  expect(provider.bindingKey(w.intent(1))).toMatch(
    /^\/subscriptions\/[0-9a-f-]{36} [0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
})

test('calls of one subscription are counted together however it is written', () => {
  const { account } = w.provider()
  const id = subscription.slice('/subscriptions/'.length)
  const alike = [
    id,
    id.toUpperCase(),
    subscription,
    subscription.toUpperCase(),
    `${subscription}/resourceGroups/X`,
  ]
  expect(new Set(alike.map(account))).toEqual(new Set([subscription]))
})

test.each([400, 409] as const)('a full subscription has no room, and says so with %i', async (status) => {
  w.azure.setFullStatus(status)
  for (let number = 0; number < 4000; number++)
    w.azure.assign(
      `${subscription}/resourceGroups/many`,
      `f0000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
      {
        ...theirs,
        principalId: person(9000 + number),
      },
    )
  expect(await fault(w.provider().ensure(w.intent(1), w.call()))).toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(/limit/),
  })
  // They are listed page by page.
  w.azure.unassign(subscription, 'f0000000-0000-4000-8000-000000000007')
  await w.provider().ensure(w.intent(1), w.call())
  expect((await w.provider().list(w.call(), [])).bindings).toHaveLength(1)
})

test('a lock keeps it there until somebody takes the lock away', async () => {
  const intent = w.intent(1)
  const provider = w.provider()
  await provider.ensure(intent, w.call())
  w.azure.lock(subscription)
  expect(await fault(provider.remove(intent, w.call()))).toMatchObject({
    kind: 'conflict',
    message: expect.stringMatching(/locked/),
  })
  expect(w.getsIn(intent)).toBe(true)
  w.azure.unlock(subscription)
  expect(await provider.remove(intent, w.call())).toBe('absent')
})

test('with its resource group an assignment is gone', async () => {
  const intent = w.intent(1, { scope: group })
  const provider = w.provider()
  await provider.ensure(intent, w.call())
  w.azure.deleteGroup(group)
  expect(await provider.inspect(intent, w.call())).toEqual({ kind: 'absent' })
  expect(await provider.remove(intent, w.call())).toBe('absent')
})

describe('what gitsudo can see', () => {
  test('is listed once, from every subscription and management group', async () => {
    w.azure.addScope('/subscriptions/00000000-0000-4000-8000-000000000002', managementGroup)
    const scopes = [managementGroup, subscription, store]
    const provider = w.provider()
    for (const [number, scope] of scopes.entries())
      await provider.ensure(w.intent(number, { scope }), w.call())
    const { bindings: listed } = await provider.list(w.call(), [])
    expect(listed.map(({ scope }) => scope).sort()).toEqual(scopes.map((one) => one.toLowerCase()).sort())
    expect(listed).toContainEqual({
      grant: w.intent(1).grant,
      handle: provider.bindingKey(w.intent(1)),
      principal: person(1),
      role: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${reader}`,
      scope: subscription,
    })
  })

  test('check names each scope and permission that is missing', async () => {
    w.azure.withdraw('roleAssignments/delete')
    expect(await w.provider().check(w.call())).toEqual(
      [
        `${managementGroup.toLowerCase()}: permission Microsoft.Authorization/roleAssignments/delete is missing`,
        `${subscription}: permission Microsoft.Authorization/roleAssignments/delete is missing`,
      ]
        .reverse()
        .concat(`gitsudo's own role: ${JSON.stringify({ Actions: permissions.role_assignment })}`),
    )
    w.azure.faults.plan({ answer: 'unavailable' })
    await expect(w.provider().check(w.call())).rejects.toThrow(/temporarily unavailable/)
  })

  test('check names what the catalogue offers and gitsudo cannot reach or give', async () => {
    const elsewhere = '/subscriptions/00000000-0000-4000-8000-00000000000e'
    w.offers.push(
      { cloudRole: 'Reader', scope: subscription, seconds: 60 },
      { cloudRole: 'Raeder', scope: group, seconds: 60 },
      { cloudRole: 'Reader', scope: 'checkout', seconds: 60 },
    )
    expect(await w.provider().check(w.call())).toEqual([
      expect.stringMatching(/^roles\.yaml: checkout names none of them: write \/subscriptions/),
      expect.stringMatching(/^roles\.yaml: azure: .*checkout has no role that is called Raeder/),
    ])
    w.offers.push({ cloudRole: 'Reader', scope: elsewhere, seconds: 60 })
    expect(await w.provider().check(w.call())).toContainEqual(
      expect.stringMatching(new RegExp(`^${elsewhere}: azure: `)),
    )
  })

  test.each([subscription, group, managementGroup])(
    'a grant on %s is looked for where Azure does not show that',
    async (scope) => {
      const intent = w.intent(1, { scope })
      await w.provider().ensure(intent, w.call())
      w.azure.hide()
      const { bindings, unread } = await w.provider().list(w.call(), [intent])
      expect(bindings.map(({ grant }) => grant)).toEqual([intent.grant])
      expect(unread).toEqual([])
    },
  )

  test('check says when there is nothing at all', async () => {
    w.azure.clear()
    expect(await w.provider().check(w.call())).toEqual([expect.stringMatching(/no subscription/)])
  })
})

describe('credentials', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gitsudo-azure-'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))
  const federated = async (mend: (token: string) => string = (token) => token) => {
    const federatedTokenFile = join(dir, 'token')
    const { clientId, token } = w.azure.entra.federatedApp()
    await writeFile(federatedTokenFile, mend(token))
    return w.provider('ours', { credentialsSource: 'workload_identity', clientId, federatedTokenFile })
  }

  test('a token of the cluster is exchanged once, and again when Azure no longer takes it', async () => {
    const provider = await federated()
    const intent = w.intent(1)
    await provider.ensure(intent, w.call())
    await provider.inspect(intent, w.call())
    expect(w.azure.calls.get('token')).toBe(1)
    w.azure.entra.expire()
    expect(await provider.remove(intent, w.call())).toBe('absent')
    expect(w.azure.calls.get('token')).toBe(2)
  })

  test('a token that never comes keeps nobody who asks later', async () => {
    const [provider, intent] = [w.provider(), w.intent(1)]
    await provider.ensure(intent, w.call())
    w.azure.entra.expire()
    w.azure.faults.plan({ answer: 'hang', on: ['token'], count: 1 })
    await expect(provider.remove(intent, w.call(300))).rejects.toThrow(/did not answer/)
    expect(await provider.remove(intent, w.call(3000))).toBe('absent')
  })

  test('a token that is there is kept, though something else does not answer', async () => {
    const [provider, intent] = [w.provider(), w.intent(1)]
    await provider.ensure(intent, w.call())
    w.azure.faults.plan({ answer: 'hang', on: ['roleAssignments/delete'], count: 1 })
    await expect(provider.remove(intent, w.call(300))).rejects.toThrow(/did not answer/)
    w.azure.faults.plan({ answer: 'unavailable', on: ['token'] })
    expect(await provider.remove(intent, w.call(3000))).toBe('absent')
  })

  test('a machine’s identity is asked of the machine', async () => {
    vi.stubEnv('AZURE_POD_IDENTITY_AUTHORITY_HOST', w.azure.url)
    const provider = w.provider('ours', {
      credentialsSource: 'managed_identity',
      clientId: w.azure.entra.machineIdentity(),
    })
    await provider.ensure(w.intent(1), w.call()).finally(() => vi.unstubAllEnvs())
    expect(w.getsIn(w.intent(1))).toBe(true)
  })

  test.each([
    ['a forged token', () => federated((token) => `${token.slice(0, -8)}AAAAAAAA`), /AADSTS700213/],
    [
      'another secret',
      async () => w.provider('ours', { ...w.azure.entra.secretApp(), clientSecret: 'guessed' }),
      /AADSTS7000215/,
    ],
  ])('%s is refused in words, and nothing of it is said', async (_name, made, says) => {
    const provider = await made()
    const refused = await fault(provider.ensure(w.intent(1), w.call()))
    expect(refused).toMatchObject({
      kind: 'forbidden',
      message: expect.stringMatching(/Entra refuses the configured credentials/),
    })
    expect(refused.message).toMatch(says)
    expect(refused.message).not.toMatch(/guessed|AAAAAAAA/)
    expect(await provider.check(w.call())).toEqual([refused.message])
  })

  test('Entra that throttles is no refusal, and is left alone as it asks', async () => {
    const provider = await federated()
    w.azure.faults.plan({ answer: 'throttled', on: ['token'] })
    expect(await fault(provider.ensure(w.intent(1), w.call()))).toMatchObject({
      kind: 'throttled',
      retryAfter: 1000,
      message: expect.stringContaining('no token to be had'),
    })
  })

  test('a machine’s endpoint that throttles is no refusal', async () => {
    vi.stubEnv('AZURE_POD_IDENTITY_AUTHORITY_HOST', w.azure.url)
    const clientId = w.azure.entra.machineIdentity()
    const provider = w.provider('ours', { credentialsSource: 'managed_identity', clientId })
    w.azure.faults.plan({ answer: 'throttled', on: ['token'] })
    const refused = await fault(provider.ensure(w.intent(1), w.call())).finally(() => vi.unstubAllEnvs())
    // Its client says no more than that there was trouble.
    expect(refused.kind).toBe('unavailable')
  })

  test.each(['throttled', 'unavailable'] as const)(
    'Entra that was %s is no refusal either while its client remembers that',
    async (answer) => {
      const [authorityHost, tenantId] = [w.azure.url, w.azure.entra.tenant]
      const credential = createCredential({
        credentialsSource: 'client_secret',
        authorityHost,
        tenantId,
        ...w.azure.entra.secretApp(),
      })
      w.azure.faults.plan({ answer, on: ['token'], count: 1 })
      const kinds = []
      for (let tries = 0; tries < 2; tries++) {
        const error = await credential.getToken(`${w.azure.url}/.default`).catch((reason: unknown) => reason)
        kinds.push(classify(error, { call: 'it', scope: 's', permission: 'p' }).kind)
      }
      expect(kinds).toEqual([answer, answer])
      expect(w.azure.calls.get('token')).toBe(1)
    },
  )

  test('Entra away is trouble, no refusal, and over when it is back', async () => {
    const provider = w.provider()
    const heal = w.azure.faults.plan({ answer: 'unavailable', on: ['token'] })
    expect((await fault(provider.ensure(w.intent(1), w.call()))).kind).toBe('unavailable')
    heal()
    expect(await provider.ensure(w.intent(1), w.call())).toMatchObject({ kind: 'present' })
  })
})
