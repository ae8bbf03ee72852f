import { describe, expect, it } from 'vitest'
import { start } from './running.ts'
import { active, foreign, waiting } from './world.ts'

const ids = (answer: { json: unknown }) => (answer.json as { id: string }[]).map(({ id }) => id)

describe('requests', () => {
  it.each([
    ['alice', '', [active, waiting]],
    ['mallory', '', [foreign]],
    ['admin', '', [active, waiting, foreign]],
    ['auditor', '', [active, waiting, foreign]],
    ['alice', '?user=bob', [waiting]],
    ['alice', '?user=bob@acme.example', [waiting]],
    ['alice', '?user=carol@acme.example', []],
    ['alice', '?user=Carol', []],
    ['mallory', '?user=mallory', [foreign]],
    ['alice', '?state=ACTIVE', [active]],
    ['alice', '?state=pending', [waiting]],
    ['alice', '?provider=aws', []],
    ['admin', '?repo=Other/Access', [foreign]],
    ['mallory', '?repo=other/access', [foreign]],
  ])('%s sees %s', async (who, query, expected) => {
    const { call } = await start()
    expect(ids(await call('GET', `/api/v1/requests${query}`, who))).toEqual(expected)
  })

  it.each([
    ['bob', { visibleTo: { user: 2, repositories: [123456, 777] }, state: 'pending' }],
    ['admin', { state: 'pending' }],
  ])('%s has none read that one may not see', async (who, filter) => {
    const asked: unknown[] = []
    const { call } = await start({
      readable: async () => ({ known: [123456], unread: [777] }),
      status: async (given) => {
        asked.push(given)
        return []
      },
    })
    await call('GET', '/api/v1/requests?state=pending', who)
    expect(asked).toEqual([filter])
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

  it.each([
    [
      'an address that nobody has',
      'admin',
      '?user=bbo@acme.example',
      404,
      /e-mail address bbo@acme.example.*GitHub login/,
    ],
    ['a login that nobody has', 'admin', '?user=bbo', 404, /GitHub login bbo.*spelling/],
    ['somebody of another repository', 'mallory', '?user=bob', 404, /Nobody here/],
    [
      'a repository that is not here',
      'admin',
      '?repo=none/such',
      404,
      /no repository none\/such.*server status/,
    ],
  ])('%s is not taken for somebody without access', async (_, who, query, status, said) => {
    const { call } = await start()
    const answer = await call('GET', `/api/v1/requests${query}`, who)
    expect([answer.status, `${answer.json.detail} ${answer.json.remedy}`]).toEqual([
      status,
      expect.stringMatching(said),
    ])
  })

  it.each([
    ['who that is', 'admin', '?user=bob@acme.example', 503],
    ['who a login without requests is', 'admin', '?user=carol', 503],
    ['what one may see', 'alice', '?user=bob', 503],
    ['what one may see, of nobody', 'carol', '', 503],
    ['one by its id', 'bob', `/${active}`, 503],
    ['but what is one’s own', 'alice', '', 200],
    ['who a login is that asked for something, though one sees all', 'admin', '?user=bob', 503],
    ['but everybody’s, to who sees all', 'admin', '', 200],
  ])('while policies cannot be read nobody can tell %s', async (_, who, query, status) => {
    const { call } = await start({
      readable: async () => ({ known: [], unread: [123456] }),
      peopleNamed: async () => [],
    })
    const answer = await call('GET', `/api/v1/requests${query}`, who)
    expect(answer.status).toBe(status)
    if (status === 503)
      expect(answer.json).toMatchObject({
        detail: expect.stringMatching(
          `Nobody can tell .*: the policies of ${who === 'admin' ? 'acme/access' : 'a repository'} cannot be read`,
        ),
        remedy: expect.stringMatching(/ask an administrator, who sees all without --user/),
      })
  })

  it.each(['requests', 'audit'])('%s of somebody are not shown in part', async (what) => {
    // One repository's identities name her; another's, who may list her under another login, cannot be read.
    const { call } = await start({ readable: async () => ({ known: [123456], unread: [777] }) })
    for (const who of ['admin', 'bob']) {
      const answer = await call('GET', `/api/v1/${what}?user=alice`, who)
      expect([answer.status, answer.json.detail]).toEqual([
        503,
        expect.stringMatching(
          who === 'admin' ? /who alice is: .* other\/access/ : /who alice is: .* a repository/,
        ),
      ])
    }
  })

  it.each(['?state=alive', '?provider=asw', '?colour=red', '?user='])(
    'filter %s is refused',
    async (query) => {
      const { call } = await start()
      expect((await call('GET', `/api/v1/requests${query}`, 'alice')).status).toBe(400)
    },
  )
})
