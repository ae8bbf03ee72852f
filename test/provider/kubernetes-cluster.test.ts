import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { getPods, kubernetesWorld } from '../support/kubernetes.ts'

const group = 'rbac.authorization.k8s.io'
let w: Awaited<ReturnType<typeof kubernetesWorld>>
beforeEach(async () => {
  w = await kubernetesWorld()
})
afterEach(() => w.cluster.close())

const bindings = () => w.cluster.all('RoleBinding', 'checkout')
const letIn = (user: string, namespace?: string) =>
  w.cluster.getsIn({ user, groups: [] }, { ...getPods, ...(namespace === undefined ? {} : { namespace }) })

describe('scopes and roles', () => {
  test('a whole cluster is given by a ClusterRoleBinding, and taken back', async () => {
    const intent = w.intent(1, { scope: 'production' })
    const provider = w.provider()
    await provider.ensure(intent, w.call())
    expect([letIn(intent.principal), letIn(intent.principal, 'people')]).toEqual([true, true])
    expect((await provider.list(w.call(), [intent])).bindings).toEqual([
      {
        grant: intent.grant,
        handle: provider.bindingKey(intent),
        principal: intent.principal,
        role: 'view',
        scope: 'production',
        expiresAt: intent.endsAt,
      },
    ])
    expect(await provider.remove(intent, w.call())).toBe('absent')
    expect(letIn(intent.principal)).toBe(false)
  })

  test('a Role is given in its namespace', async () => {
    const rules = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }]
    const metadata = { name: 'deployer', namespace: 'checkout' }
    w.cluster.apply({ apiVersion: `${group}/v1`, kind: 'Role', metadata, rules })
    const intent = w.intent(1, { cloudRole: 'Role/deployer' })
    // Bound by name in rbac.yaml; this one is not.
    await expect(w.provider().ensure(intent, w.call())).rejects.toMatchObject({
      kind: 'forbidden',
      message: expect.stringContaining('bind'),
    })
    w.cluster.edit('ClusterRole', undefined, 'gitsudo', (role) => ({
      ...role,
      rules: [
        ...(role.rules as object[]),
        { verbs: ['bind', 'get'], apiGroups: [group], resources: ['roles'], resourceNames: ['deployer'] },
      ],
    }))
    await w.provider().ensure(intent, w.call())
    expect([letIn(intent.principal, 'checkout'), letIn(intent.principal, 'people')]).toEqual([true, false])
    const [listed] = (await w.provider().list(w.call(), [intent])).bindings
    expect(listed).toMatchObject({ role: 'Role/deployer' })
    expect(listed?.differs).toBeUndefined()
  })

  test.each([
    [{ scope: 'production/nowhere' }, 'not_found', /namespaces "nowhere"/],
    [{ scope: 'staging/checkout' }, 'invalid', /cluster staging is not configured/],
  ])('%j ends in words', async (change, kind, says) => {
    await expect(w.provider().ensure(w.intent(1, change), w.call())).rejects.toMatchObject({
      kind,
      message: expect.stringMatching(says),
    })
  })

  test('a role that is not there is said to be missing, and nothing is bound', async () => {
    w.cluster.edit('ClusterRole', undefined, 'view', () => undefined)
    await expect(w.provider().ensure(w.intent(1), w.call())).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('no ClusterRole view'),
    })
    expect(bindings()).toEqual([])
  })

  test('a cluster that left the configuration is no proof that anything is gone', async () => {
    const intent = w.intent(1, { scope: 'staging/checkout' })
    for (const work of [w.provider().inspect(intent, w.call()), w.provider().remove(intent, w.call())])
      await expect(work).rejects.toMatchObject({ kind: 'invalid' })
  })
})

describe('what is there already', () => {
  const theirs = (name: string, change: object = {}) => ({
    apiVersion: `${group}/v1`,
    kind: 'RoleBinding',
    metadata: { name, namespace: 'checkout' },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'edit' },
    subjects: [{ apiGroup: group, kind: 'User', name: 'zoe' }],
    ...change,
  })

  test('under our name, giving anything else, goes before ours comes', async () => {
    const intent = w.intent(1)
    const name = w.provider().bindingKey(intent).split('/').at(-1) ?? ''
    w.cluster.apply(theirs(name))
    const seen = await w.provider().inspect(intent, w.call())
    expect(seen).toMatchObject({ differs: 'zoe has edit', expiresAt: 8.64e15 })
    await w.provider().ensure(intent, w.call())
    expect(bindings()).toHaveLength(1)
    expect([letIn('zoe', 'checkout'), letIn(intent.principal, 'checkout')]).toEqual([false, true])
  })

  test('under another name is never listed, cut back or discarded, even with our labels', async () => {
    const intent = w.intent(1)
    const provider = w.provider()
    await provider.ensure(intent, w.call())
    const [ours] = bindings()
    const labels = ours?.metadata.labels
    w.cluster.apply(theirs('mimic', { metadata: { name: 'mimic', namespace: 'checkout', labels } }))
    const { bindings: listed } = await provider.list(w.call(), [])
    expect(listed.map(({ grant }) => grant)).toEqual([intent.grant])
    const [found] = listed
    if (found === undefined) throw new Error('nothing is listed')
    expect(await provider.discard?.({ ...found, handle: 'production/checkout/mimic' }, w.call())).toBe(
      'absent',
    )
    expect(bindings()).toHaveLength(2)
  })

  test('giving another role under our name is cut back to nothing', async () => {
    const intent = w.intent(1)
    const name = w.provider().bindingKey(intent).split('/').at(-1) ?? ''
    w.cluster.apply(theirs(name))
    expect(await w.provider().cutBack?.(intent, w.call())).toEqual({ kind: 'absent' })
    expect(letIn('zoe', 'checkout')).toBe(false)
  })

  test('cut back keeps what others noted on it, and never lengthens it', async () => {
    const intent = w.intent(1)
    const provider = w.provider()
    await provider.ensure(intent, w.call())
    const name = provider.bindingKey(intent).split('/').at(-1) ?? ''
    const sooner = intent.endsAt - 60_000
    w.cluster.edit('RoleBinding', 'checkout', name, ({ metadata, ...rest }) => ({
      ...rest,
      metadata: {
        ...metadata,
        labels: { team: 'a' },
        annotations: { note: 'x', 'gitsudo.dev/expires-at': new Date(sooner).toISOString() },
      },
    }))
    expect(await provider.cutBack?.(intent, w.call())).toMatchObject({ expiresAt: sooner })
    expect(bindings()[0]?.metadata).toMatchObject({
      labels: { team: 'a', 'gitsudo.dev/request': expect.any(String) },
      annotations: { note: 'x', 'gitsudo.dev/user': 'alice' },
    })
  })
})

describe('labels that somebody took off', () => {
  const strip = () => {
    const [binding] = bindings()
    w.cluster.edit('RoleBinding', 'checkout', binding?.metadata.name ?? '', ({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, labels: { team: 'a' } },
    }))
  }

  test('are drift, since the reaper goes by them, and are put back', async () => {
    const intent = w.intent(1)
    const provider = w.provider()
    await provider.ensure(intent, w.call())
    const { labels } = bindings()[0]?.metadata ?? {}
    strip()
    const differs = expect.stringMatching(/without the labels/)
    expect(await provider.inspect(intent, w.call())).toMatchObject({ kind: 'present', differs })
    expect((await provider.list(w.call(), [intent])).bindings).toMatchObject([
      { handle: provider.bindingKey(intent), differs },
    ])
    const cut = await provider.cutBack?.(intent, w.call())
    expect(cut).not.toHaveProperty('differs')
    expect(bindings()[0]?.metadata.labels).toEqual({ team: 'a', ...labels })
  })

  test('hide no binding that is no grant’s', async () => {
    const provider = w.provider()
    await provider.ensure(w.intent(1), w.call())
    strip()
    const [found] = (await provider.list(w.call(), [])).bindings
    expect(found).toMatchObject({ grant: w.intent(1).grant })
    expect(found && (await provider.discard?.(found, w.call()))).toBe('absent')
    expect(bindings()).toEqual([])
  })
})

describe('several clusters', () => {
  let another: Awaited<ReturnType<typeof w.anotherCluster>>
  beforeEach(async () => {
    another = await w.anotherCluster()
  })
  afterEach(() => another.other.close())
  const both = () => w.provider('ours', [w.production, another.staging])

  test('hold their own grants, and one that is away does not hide the other', async () => {
    const [here, there] = [w.intent(1), w.intent(2, { scope: 'staging/checkout' })]
    for (const intent of [here, there]) await both().ensure(intent, w.call())
    expect(bindings()).toHaveLength(1)
    expect(another.other.all('RoleBinding')).toHaveLength(1)
    const { bindings: all } = await both().list(w.call(), [])
    expect(all.map(({ scope }) => scope).sort()).toEqual(['production/checkout', 'staging/checkout'])
    another.other.faults.plan({ answer: 'unavailable' })
    await expect(both().check(w.call())).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/staging: .*unable to handle/),
    })
    w.offers.push({ cloudRole: 'view', scope: 'elsewhere', seconds: 3600 })
    expect(await both().check(w.call())).toEqual([
      expect.stringMatching(/staging: .*unable to handle/),
      expect.stringMatching(/cluster elsewhere is not configured/),
    ])
    expect((await both().inspect(here, w.call())).kind).toBe('present')
  })

  test('that are not configured any more are named, and nothing in them counts as missing', async () => {
    const [here, there] = [w.intent(1), w.intent(2, { scope: 'staging/checkout' })]
    for (const intent of [here, there]) await both().ensure(intent, w.call())
    const { bindings: listed, unread } = await w.provider().list(w.call(), [here, there])
    expect(listed.map(({ grant }) => grant)).toEqual([here.grant])
    expect(unread).toEqual([
      { place: 'staging', kind: 'invalid', why: 'kubernetes: cluster staging is not configured' },
    ])
  })

  test('that hang are named while there is time, and nothing passes for listed where none answers', async () => {
    await both().ensure(w.intent(1), w.call())
    another.other.faults.plan({ answer: 'hang' })
    const { bindings: listed, unread } = await both().list(w.call(2000), [])
    expect(listed.map(({ grant }) => grant)).toEqual([w.intent(1).grant])
    expect(unread).toEqual([{ place: 'staging', kind: 'unknown', why: expect.stringContaining('staging') }])
    w.cluster.faults.plan({ answer: 'unavailable' })
    await expect(both().list(w.call(2000), [])).rejects.toMatchObject({ kind: expect.stringMatching(/un/) })
  })
})

describe('in force', () => {
  test('is asked of the cluster, until it says so', async () => {
    const intent = w.intent(1)
    await w.provider().ensure(intent, w.call())
    const asked = w.cluster.calls.get('POST') ?? 0
    await w.provider().ensure(intent, w.call())
    // Its creation, which finds it there, and the review.
    expect((w.cluster.calls.get('POST') ?? 0) - asked).toBe(2)
  })

  test('is not said of what the cluster denies all the same', async () => {
    w.cluster.deny('person-1@example.com')
    await expect(w.provider().ensure(w.intent(1), w.call())).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('still denies person-1@example.com to get pods'),
    })
    expect(await w.provider().remove(w.intent(1), w.call())).toBe('absent')
  })

  test.each(['create subjectaccessreviews.authorization.k8s.io', `get clusterroles.${group}`])(
    'is left to the read-back without %s',
    async (permission) => {
      w.cluster.withdraw(permission)
      expect((await w.provider().ensure(w.intent(1), w.call())).kind).toBe('present')
      expect(await w.provider().check(w.call())).toEqual([])
    },
  )
})

describe('tokens', () => {
  const tokenOf = async (intent: ReturnType<typeof w.intent>) => {
    const given = await w.provider('ours', [w.withTokens]).credentials?.(intent, { id: 's' }, w.call())
    if (given === undefined) throw new Error('no credentials')
    const kubeconfig = JSON.parse(given.files?.KUBECONFIG ?? '') as {
      readonly users: readonly { readonly user: { readonly token: string } }[]
    }
    return { ...given, token: kubeconfig.users[0]?.user.token ?? '' }
  }
  const account = { principal: 'serviceaccount:people/person-1' }
  const pods = { ...getPods, namespace: 'checkout' }

  test('made in the last minutes die with the grant, though they would last ten', async () => {
    const intent = w.intent(1, { ...account, endsAt: w.clock.now() + 120_000 })
    const provider = w.provider('ours', [w.withTokens])
    await provider.ensure(intent, w.call())
    const { token, expiresAt } = await tokenOf(intent)
    expect(expiresAt).toBe(intent.endsAt)
    // Somebody else's binding would let the same person in.
    w.cluster.apply({
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'other', namespace: 'checkout' },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'person-1', namespace: 'people' }],
    })
    expect(w.cluster.getsInBy(token, pods)).toBe(true)
    expect(await provider.remove(intent, w.call())).toBe('absent')
    expect(w.cluster.getsInBy(token, pods)).toBe(false)
    expect(w.cluster.all('Secret')).toEqual([])
  })

  test('die with a binding that is discarded', async () => {
    const provider = w.provider('ours', [w.withTokens])
    await provider.ensure(w.intent(1, account), w.call())
    const [found] = (await provider.list(w.call(), [])).bindings
    expect(found && (await provider.discard?.(found, w.call()))).toBe('absent')
    expect(w.cluster.all('Secret')).toEqual([])
  })

  test('live on with a grant whose copy elsewhere is discarded', async () => {
    const provider = w.provider('ours', [w.withTokens])
    const intent = w.intent(1, account)
    await provider.ensure(intent, w.call())
    const { token } = await tokenOf(intent)
    const binding = w.cluster.all('RoleBinding', 'checkout').find(({ metadata }) => metadata.labels)
    w.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'payments' } })
    w.cluster.apply({ ...binding, metadata: { ...binding?.metadata, namespace: 'payments' } })
    const copy = (await provider.list(w.call(), [])).bindings.find(({ scope }) => scope.endsWith('/payments'))
    expect(copy && (await provider.discard?.({ ...copy, lives: true }, w.call()))).toBe('absent')
    expect(w.cluster.getsInBy(token, pods)).toBe(true)
    expect(await provider.remove(intent, w.call())).toBe('absent')
    expect(w.cluster.all('Secret')).toEqual([])
  })

  test('are not to be had after the grant, nor for those who act as themselves', async () => {
    const provider = w.provider('ours', [w.withTokens])
    const intent = w.intent(1, account)
    await provider.ensure(intent, w.call())
    await provider.remove(intent, w.call())
    await expect(tokenOf(intent)).rejects.toMatchObject({ kind: 'not_found' })
    expect(w.cluster.all('Secret')).toEqual([])
    for (const principal of ['alice@example.com', 'serviceaccount:checkout/robot']) {
      const own = w.intent(2, { principal })
      await provider.ensure(own, w.call())
      await expect(tokenOf(own)).rejects.toMatchObject({
        kind: 'invalid',
        message: expect.stringMatching(/your own identity.*as yourself/),
      })
    }
  })
})

describe('the connection', () => {
  test('reads a token from its file for each call, and says when there is none', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'gitsudo-token-'))
    const file = join(dir, 'token')
    const provider = w.provider('ours', [
      { name: 'production', connection: { server: w.cluster.url, token: { file } } },
    ])
    await expect(provider.inspect(w.intent(1), w.call())).rejects.toMatchObject({ kind: 'unavailable' })
    await writeFile(file, randomBytes(16).toString('hex'))
    await expect(provider.inspect(w.intent(1), w.call())).rejects.toMatchObject({
      kind: 'forbidden',
      message: expect.stringContaining('credentials are refused'),
    })
    await writeFile(file, `${w.cluster.tokenOf('gitsudo', ['system:masters'])}\n`)
    expect(await provider.inspect(w.intent(1), w.call())).toEqual({ kind: 'absent' })
    await rm(dir, { recursive: true })
  })

  test.each([
    ['something else', 404, '<html>default backend</html>'],
    ['an API server that lacks the group', 404, '{"kind":"Status","reason":"NotFound","details":{}}'],
    ['something that agrees to everything', 200, 'OK'],
  ])('to %s proves nothing absent', async (_, status, body) => {
    const server = createServer((_request, response) => response.writeHead(status).end(body))
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const connection = { server: `http://127.0.0.1:${address.port}` }
    const provider = w.provider('ours', [{ name: 'production', connection }])
    await expect(provider.inspect(w.intent(1), w.call())).rejects.toThrow()
    await expect(provider.remove(w.intent(1), w.call())).rejects.toThrow()
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })
})
