import { afterEach, describe, expect, it } from 'vitest'
import type { ServerDeps } from '../../app/server/deps.ts'
import type { Server } from '../../app/server/server.ts'
import { active, foreign, now, people, waiting, world } from './world.ts'

const running: Server[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})

async function start(over: Partial<ServerDeps> = {}) {
  const { server, ...rest } = world(over)
  running.push(server)
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  const call = async (method: string, path: string, who?: string, body?: unknown) => {
    const response = await fetch(`${address}${path}`, {
      method,
      headers: {
        ...(who === undefined ? {} : { authorization: `Bearer token-${who}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : undefined,
    }
  }
  return { address, call, server, ...rest }
}
const ids = (answer: { json: unknown }) => (answer.json as { id: string }[]).map(({ id }) => id)

describe('webhooks', () => {
  const deliver = (
    address: string,
    body: string | Uint8Array<ArrayBuffer>,
    signature = 'good',
    type = 'application/json',
  ) =>
    fetch(`${address}/webhooks/github`, {
      method: 'POST',
      headers: { 'x-hub-signature-256': signature, 'x-github-delivery': 'g-1', 'content-type': type },
      body,
    })

  it('reach the intake byte for byte, whatever type they claim', async () => {
    const { address, told } = await start()
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'nonsense/x'])
      expect((await deliver(address, '{"a": 1 }\n', 'good', type)).status).toBe(202)
    expect(told).toEqual(Array(4).fill(['intake', 'g-1', '{"a": 1 }\n']))
  })

  it('answer what the intake answers', async () => {
    const { address } = await start()
    const answer = await deliver(address, '{}', 'bad')
    expect([answer.status, await answer.json()]).toEqual([401, { status: 'bad signature' }])
  })

  it('are refused over 25 MiB, before anything is stored', async () => {
    const { address, told } = await start()
    expect((await deliver(address, new Uint8Array(25 * 1024 * 1024))).status).toBe(202)
    const answer = await deliver(address, new Uint8Array(25 * 1024 * 1024 + 1))
    expect([answer.status, answer.headers.get('content-type'), await answer.json()]).toEqual([
      413,
      'application/problem+json; charset=utf-8',
      expect.objectContaining({ title: 'too large' }),
    ])
    expect(told).toHaveLength(1)
  })

  it('get 503 while the database is away, so that GitHub records a failure', async () => {
    const { address, lines } = await start({
      intake: async () => {
        throw Object.assign(new Error('connection refused'), { code: 'unavailable' })
      },
    })
    expect((await deliver(address, '{}')).status).toBe(503)
    expect(lines.find(({ level }) => level === 'error')?.message).toBe('call failed')
  })
})

describe('health', () => {
  it('is alive, ready and measured without a token', async () => {
    const { call } = await start()
    expect((await call('GET', '/healthz')).json).toEqual({ status: 'ok' })
    expect((await call('GET', '/readyz')).json).toMatchObject({ status: 'ready', missing: [] })
    expect((await call('GET', '/metrics')).text).toContain('gitsudo_grants{state="active"} 1')
    expect((await call('GET', '/api/v1/version')).json).toEqual({ version: '0.1.0', api: 'v1' })
  })

  it('names what is missing', async () => {
    const { call } = await start({
      readiness: async () => [
        { name: 'database', up: false, detail: 'connection refused' },
        { name: 'keys', up: true, detail: '1 signing, 1 MAC' },
      ],
    })
    const answer = await call('GET', '/readyz')
    expect([answer.status, answer.json.missing]).toEqual([503, ['database']])
  })
})

describe('callers', () => {
  it.each([
    ['no token', undefined, 401],
    ['an unknown token', 'nobody', 401],
    ['a bot', 'robot[bot]', 403],
  ])('%s', async (_, who, status) => {
    const { call } = await start()
    const answer = await call('GET', '/api/v1/requests', who)
    expect(answer.status).toBe(status)
    expect(answer.json).toMatchObject({
      type: expect.stringMatching(/^urn:gitsudo:problem:/),
      status,
      detail: expect.any(String),
      remedy: expect.any(String),
      instance: answer.headers.get('x-request-id'),
    })
    expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null)
  })

  it('are remembered for reading for 30 s, and asked for afresh where access is given or taken', async () => {
    let time = now
    const { call, told } = await start({ clock: { now: () => time } })
    const asked = () => told.filter((one) => Array.isArray(one) && one[0] === 'caller').length
    await call('GET', '/api/v1/requests', 'alice')
    await call('GET', '/api/v1/requests', 'alice')
    expect(asked()).toBe(1)
    await call('POST', `/api/v1/requests/${active}/credentials`, 'alice')
    expect(asked()).toBe(2)
    time += 30_001
    await call('GET', '/api/v1/requests', 'alice')
    expect(asked()).toBe(3)
  })
})

describe('requests', () => {
  it.each([
    ['alice', '', [active, waiting]],
    ['mallory', '', [foreign]],
    ['admin', '', [active, waiting, foreign]],
    ['auditor', '', [active, waiting, foreign]],
    ['alice', '?user=bob', [waiting]],
    ['alice', '?user=bob@acme.example', [waiting]],
    ['alice', '?user=nobody@acme.example', []],
    ['alice', '?state=ACTIVE', [active]],
    ['alice', '?state=pending', [waiting]],
    ['alice', '?provider=aws', []],
    ['admin', '?repo=Other/Access', [foreign]],
    ['admin', '?repo=none/such', []],
  ])('%s sees %s', async (who, query, expected) => {
    const { call } = await start()
    expect(ids(await call('GET', `/api/v1/requests${query}`, who))).toEqual(expected)
  })

  it('are bare objects with the grant’s state', async () => {
    const { call } = await start()
    const [first] = (await call('GET', '/api/v1/requests', 'alice')).json
    expect(first).toEqual({
      id: active,
      state: 'active',
      requester: 'alice',
      requester_id: 1,
      author: 'alice',
      provider: 'mock',
      role: 'prod-admin',
      scope: '123456789012',
      duration_seconds: 7200,
      reason: 'INC-4421 tasks crash-looping',
      approvers: ['carol'],
      repository: 'acme/access',
      repository_id: 123456,
      pull_request: 7,
      pull_request_url: 'https://github.com/acme/access/pull/7',
      path: 'requests/2026/12/alice-prod.yaml',
      head_sha: 'a'.repeat(40),
      opened_at: '2026-12-01T11:50:00.000Z',
      starts_at: '2026-12-01T11:59:00.000Z',
      active_at: '2026-12-01T11:59:01.000Z',
      expires_at: '2026-12-01T13:59:00.000Z',
      ended_at: null,
      cause: null,
      note: null,
      summary: 'Waiting for one of group sre.',
    })
  })

  it('come one by one with their decision, in any case of the id', async () => {
    const { call } = await start()
    const answer = await call('GET', `/api/v1/requests/${active.toLowerCase()}`, 'bob')
    expect(answer.json).toMatchObject({
      id: active,
      decision: { verdict: 'action_required', requests: [{ tree: { outcome: 'waiting' } }] },
    })
  })

  it.each([
    ['a foreign one', foreign, 404],
    ['an unknown one', 'req_00000000000000000000000000', 404],
    ['no id', 'nonsense', 400],
  ])('%s', async (_, id, status) => {
    const { call } = await start()
    expect((await call('GET', `/api/v1/requests/${id}`, 'alice')).status).toBe(status)
  })

  it.each(['?state=alive', '?colour=red', '?user='])('filter %s is refused', async (query) => {
    const { call } = await start()
    expect((await call('GET', `/api/v1/requests${query}`, 'alice')).status).toBe(400)
  })
})

describe('revoke', () => {
  it.each([
    ['the requester', 'alice', 202],
    ['an approver', 'carol', 202],
    ['an administrator', 'admin', 202],
    ['a colleague', 'bob', 403],
    ['an auditor', 'auditor', 403],
    ['a stranger', 'mallory', 404],
  ])('%s', async (_, who, status) => {
    const { call, told } = await start()
    const answer = await call('POST', `/api/v1/requests/${active}/revoke`, who, { reason: 'incident over' })
    expect(answer.status).toBe(status)
    const asks = told.filter((one) => Array.isArray(one) && one[0] === 'revoke')
    const { id, login } = Object.values(people).find((person) => person.login === who) ?? people.alice
    expect(asks).toEqual(
      status === 202
        ? [['revoke', { grant: active, by: { kind: 'user', id: String(id), login }, why: 'incident over' }]]
        : [],
    )
  })

  it('needs no reason', async () => {
    const { call, told } = await start()
    expect((await call('POST', `/api/v1/requests/${active}/revoke`, 'alice')).status).toBe(202)
    expect(told.at(-1)).toMatchObject(['revoke', { why: 'revoked by command' }])
  })

  it('has nothing to do before there is a grant', async () => {
    const { call } = await start()
    const answer = await call('POST', `/api/v1/requests/${waiting}/revoke`, 'bob')
    expect([answer.status, answer.json.remedy]).toEqual([409, 'close its pull request instead'])
  })
})

describe('credentials', () => {
  it('go to the requester', async () => {
    const { call, told, lines } = await start()
    const answer = await call('POST', `/api/v1/requests/${active}/credentials`, 'alice')
    expect([answer.status, answer.json, answer.headers.get('cache-control')]).toEqual([
      200,
      { environment: { MOCK_TOKEN: 'swordfish-swordfish' }, expires_at: '2026-12-01T12:01:00.000Z' },
      'no-store',
    ])
    expect(told.at(-1)).toEqual(['credentials', active, 1])
    expect(JSON.stringify(lines)).not.toContain('swordfish')
  })

  it.each(['bob', 'carol', 'admin', 'auditor'])('and not to %s', async (who) => {
    const { call, told } = await start()
    expect((await call('POST', `/api/v1/requests/${active}/credentials`, who)).status).toBe(403)
    expect(told.some((one) => Array.isArray(one) && one[0] === 'credentials')).toBe(false)
  })

  it('say why there are none', async () => {
    const { call } = await start({
      credentials: async () => ({ ok: false, why: 'The grant ended 3 s ago.' }),
    })
    const answer = await call('POST', `/api/v1/requests/${active}/credentials`, 'alice')
    expect([answer.status, answer.json.detail]).toEqual([409, 'The grant ended 3 s ago.'])
    expect((await call('POST', `/api/v1/requests/${waiting}/credentials`, 'bob')).status).toBe(409)
  })
})

describe('audit', () => {
  const seqs = (answer: { json: unknown }) => (answer.json as { seq: number }[]).map(({ seq }) => seq)
  it.each([
    ['admin', '', [1, 2, 3, 4, 5]],
    ['auditor', '', [1, 2, 3, 4, 5]],
    ['alice', '', [1, 3, 4]],
    ['bob', '', [2]],
    ['carol', '', [3]],
    ['mallory', '', []],
    ['admin', '?user=alice', [1, 3, 4]],
    ['admin', '?user=carol@acme.example', [3]],
    ['admin', `?request=${active.toLowerCase()}`, [1, 3, 4]],
    ['admin', '?since=2026-12-01T11:58:23.000Z', [3, 4, 5]],
    ['admin', '?until=2026-12-01T11:58:23.000Z', [1, 2]],
    ['admin', '?limit=2', [4, 5]],
  ])('%s reads %s', async (who, query, expected) => {
    const { call } = await start()
    expect(seqs(await call('GET', `/api/v1/audit${query}`, who))).toEqual(expected)
  })

  it('shows whole events with their place in the chain', async () => {
    const { call } = await start()
    const [first] = (await call('GET', '/api/v1/audit', 'admin')).json
    expect(first).toEqual({
      seq: 1,
      v: 1,
      type: 'request.created',
      at: '2026-12-01T11:58:21.000Z',
      actor: { kind: 'user', id: '1', login: 'alice' },
      request: active,
      data: {},
      leaf: '01',
    })
  })

  it.each(['?since=yesterday', '?request=x', '?limit=0'])('%s is refused', async (query) => {
    const { call } = await start()
    expect((await call('GET', `/api/v1/audit${query}`, 'admin')).status).toBe(400)
  })
})

describe('policies and the service', () => {
  it('list those of repositories that the caller may see', async () => {
    const { call } = await start()
    expect((await call('GET', '/api/v1/policies', 'alice')).json).toEqual([
      {
        name: 'roles',
        type: 'eligibility',
        enabled: true,
        repository: 'acme/access',
        commit: 'b'.repeat(40),
      },
    ])
    expect((await call('GET', '/api/v1/policies', 'admin')).json).toHaveLength(2)
    expect((await call('GET', '/api/v1/policies?repo=other/access', 'alice')).status).toBe(404)
  })

  it('are asked with the input given', async () => {
    const { call, told } = await start()
    const input = { user: { groups: ['sre'] } }
    expect(
      (await call('POST', '/api/v1/policies/eval', 'alice', { type: 'eligibility', input })).json,
    ).toMatchObject({ allowed: false, reason: 'not in group sre' })
    expect(told.at(-1)).toEqual(['evaluate', { repository: 123456, type: 'eligibility', input }])
    expect(
      (await call('POST', '/api/v1/policies/eval', 'admin', { type: 'eligibility', input })).status,
    ).toBe(400)
    expect(
      (await call('POST', '/api/v1/policies/eval', 'mallory', { type: 'eligibility', input })).status,
    ).toBe(403)
    expect((await call('POST', '/api/v1/policies/eval', 'alice', { type: 'other', input })).status).toBe(400)
  })

  it('are read anew by an administrator', async () => {
    const { call } = await start()
    expect((await call('POST', '/api/v1/server/reload-policies', 'admin')).json).toEqual({ policies: 3 })
    expect((await call('POST', '/api/v1/server/reload-policies', 'auditor')).status).toBe(403)
  })

  it('are overridden by administrators, for four hours at most', async () => {
    const { call, told } = await start()
    const override = (who: 'admin' | 'alice' | 'auditor', more: object = {}) =>
      call('POST', '/api/v1/policies/override', who, {
        ...{ name: 'roles', enabled: false, repo: 'acme/access' },
        ...more,
      })
    expect((await override('alice')).status).toBe(403)
    expect((await override('auditor')).status).toBe(403)
    for (const wrong of [{ for: '4h1s' }, { for: 'long' }, { enabled: 'no' }, { repo: undefined }])
      expect((await override('admin', wrong)).status).toBe(400)
    expect(told.filter((one) => Array.isArray(one) && one[0] === 'override')).toEqual([])
    expect(await override('admin')).toMatchObject({
      status: 202,
      json: { name: 'roles', repository: 'acme/access', status: 'asked', others: [] },
    })
    const command = { repository: 123456, policy: 'roles', by: { id: 9, login: 'admin' } }
    expect(told.at(-1)).toEqual(['override', { ...command, seconds: 4 * 3600 }])
    expect(await override('admin', { enabled: true })).toMatchObject({
      status: 200,
      json: { status: 'ended' },
    })
    expect(told.at(-1)).toEqual(['override', command])
  })

  it('the client learns where to open pull requests', async () => {
    const { call } = await start()
    expect((await call('GET', '/api/v1/client-configuration', 'alice')).json).toEqual({
      github_api_url: 'https://api.github.com',
      login: 'alice',
      repositories: [{ id: 123456, name: 'acme/access', branch: 'main', merge: 'manual' }],
    })
  })

  it('status shows components, and troubles of the repositories one may see', async () => {
    const { call } = await start()
    expect((await call('GET', '/api/v1/server/status', 'alice')).json).toMatchObject({
      ready: true,
      instance: 'acme.example',
      repositories: [{ name: 'acme/access', troubles: [expect.stringContaining('branch protection')] }],
    })
    expect((await call('GET', '/api/v1/server/status', 'mallory')).status).toBe(403)
  })
})

describe('trouble', () => {
  it('of ours shows nothing of its cause, and is logged with the same id', async () => {
    const { call, lines } = await start({
      status: async () => {
        throw new Error('relation "requests" does not exist')
      },
    })
    const answer = await call('GET', '/api/v1/requests', 'alice')
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('relation')
    expect(lines.find(({ level }) => level === 'error')?.fields).toMatchObject({
      request_id: answer.json.instance,
    })
  })

  it('no such path, no such method, no JSON', async () => {
    const { call, address } = await start()
    expect((await call('GET', '/api/v2/requests')).status).toBe(404)
    expect((await call('DELETE', '/api/v1/requests')).status).toBe(404)
    const post = (body: string, type: string) =>
      fetch(`${address}/api/v1/policies/eval`, {
        method: 'POST',
        headers: { authorization: 'Bearer token-alice', 'content-type': type },
        body,
      })
    expect((await post('{', 'application/json')).status).toBe(400)
    expect((await post('a', 'text/plain')).status).toBe(415)
  })

  it('stopping finishes what is in flight and takes no more', async () => {
    const gate = Promise.withResolvers<void>()
    const entered = Promise.withResolvers<void>()
    const { call, server } = await start({
      policies: async () => {
        entered.resolve()
        await gate.promise
        return []
      },
    })
    const answer = call('GET', '/api/v1/policies', 'alice')
    await entered.promise
    let stopped = false
    const stop = server.stop().then(() => {
      stopped = true
    })
    await expect(call('GET', '/healthz')).rejects.toThrow()
    expect(stopped).toBe(false)
    gate.resolve()
    expect((await answer).status).toBe(200)
    await stop
  })
})
