import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CliDeps } from '../../app/cli/deps.ts'
import { GitHubError } from '../../app/reconcile/ports/github.ts'
import { requestId } from '../../app/request/id.ts'
import { active, foreign, now, rows, waiting, world } from '../server/world.ts'
import { gitsudo } from './harness.ts'

let address = ''
const {
  server,
  told,
  deps: { facts },
} = world()
beforeAll(async () => {
  address = await server.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => server.stop())

const as = (who: string | undefined, argv: readonly string[], over: Partial<CliDeps> = {}) =>
  gitsudo(argv, {
    ...over,
    env: {
      GITSUDO_SERVER: address,
      ...(who === undefined ? {} : { GITSUDO_TOKEN: `token-${who}` }),
      ...over.env,
    },
  })

it.each([
  [['status', '--pending', '--state', 'active'], /--pending leaves nothing for --state/],
  [['status', '--mine', '--user', 'bob'], /--mine leaves nothing for --user/],
  [['status', active, '--state', 'active'], /req_\w+ leaves nothing for --state/],
  [['audit', '--repo', 'acme/access'], /all access repositories together: --repo is not for it/],
  [['server', 'reload-policies', '--repo', 'acme/access'], /--repo is not for it/],
])('%j is refused: one of them would be passed over', async (argv, says) => {
  expect(await as('admin', argv)).toMatchObject({ status: 2, out: '', err: expect.stringMatching(says) })
})

it('audit says where it may have left something out', async () => {
  const [event] = JSON.parse((await as('admin', ['audit', '-o', 'json'])).out)
  const of =
    (count: number): typeof fetch =>
    async () =>
      Response.json(Array.from({ length: count }, () => event))
  expect((await as('admin', ['audit'], { fetch: of(999) })).err).toBe('')
  expect((await as('admin', ['audit'], { fetch: of(1_000) })).err).toMatch(
    /^These are the newest 1000 events/,
  )
  expect((await as('admin', ['audit', '--limit', '1000'], { fetch: of(1_000) })).err).toBe('')
})

describe('status', () => {
  it('lists what one may see', async () => {
    const { status, out, err } = await as('alice', ['status'])
    expect({ status, err }).toEqual({ status: 0, err: '' })
    expect(out).toBe(
      [
        'ID                              STATE    REQUESTER  PROVIDER  ROLE        SCOPE         WHEN            REASON',
        `${active}  active   alice      mock      prod-admin  123456789012  ends in 1h 59m  INC-4421 tasks crash-looping`,
        `${waiting}  pending  bob        mock      prod-admin  123456789012  opened 10m ago  INC-4421 tasks crash-looping`,
        '',
      ].join('\n'),
    )
  })

  it('is cut where the terminal ends, and coloured there, unless NO_COLOR says no', async () => {
    let out = ''
    const terminal = {
      write: (text: string) => {
        out += text
      },
      isTTY: true,
      columns: 120,
    }
    await as('alice', ['status'], { out: terminal })
    expect(out).toContain('\u001b[32mactive\u001b[39m')
    expect(out).toContain('…')
    out = ''
    await as('alice', ['status'], { out: terminal, env: { NO_COLOR: '1' } })
    expect(out).not.toContain('\u001b')
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBe(120)
  })

  it('is a bare array of objects with id as JSON, as runbook 5 needs it', async () => {
    const { out } = await as('admin', [
      'status',
      '--user',
      'alice@acme.example',
      '--state',
      'active',
      '--output',
      'json',
    ])
    expect(JSON.parse(out).map(({ id }: { id: string }) => id)).toEqual([active])
  })

  it.each([
    [['--user', 'bob'], [waiting]],
    [['--user', 'carol@acme.example', '--state', 'active'], []],
    [['--mine'], [active]],
    [['--pending'], [waiting]],
    [
      ['--repo', 'acme/access', '--provider', 'mock'],
      [active, waiting],
    ],
  ])('filters by %j', async (filter, expected) => {
    const { out } = await as('alice', ['status', ...filter, '-o', 'json'])
    expect(JSON.parse(out).map(({ id }: { id: string }) => id)).toEqual(expected)
  })

  it('says so when there is nothing', async () => {
    expect(await as('mallory', ['status', '--state', 'active'])).toMatchObject({
      status: 0,
      out: 'No requests.\n',
    })
  })

  it('shows one with its decision', async () => {
    const { status, out } = await as('bob', ['status', active])
    expect(status).toBe(0)
    expect(out).toMatchSnapshot()
  })

  it.each([
    ['a foreign one', ['status', foreign], 1, /There is no request/],
    [
      'an address that nobody has',
      ['status', '--user', 'alcie@acme.example'],
      1,
      /Nobody here has the e-mail/,
    ],
    ['no id', ['status', 'nonsense'], 2, /no request id/],
    ['an unknown state', ['status', '--state', 'alive'], 2, /state is one of/],
    ['an unknown option', ['status', '--colour'], 2, /unknown option '--colour'/],
    ['an unknown output', ['status', '--output', 'xml'], 2, /no output format/],
  ])('%s', async (_, argv, expected, message) => {
    const { status, err, out } = await as('alice', argv)
    expect({ status, out }).toEqual({ status: expected, out: '' })
    expect(err).toMatch(/^gitsudo: .*\n {2}→ .*\n$/)
    expect(err).toMatch(message)
  })
})

describe('reaching the service', () => {
  it.each([
    ['no token', { GITSUDO_TOKEN: '' }, 2, /No token/],
    ['a token of nobody', { GITSUDO_TOKEN: 'token-x' }, 1, /counts for nobody/],
    ['nobody there', { GITSUDO_SERVER: 'http://127.0.0.1:1' }, 3, /cannot be reached/],
    ['without TLS elsewhere', { GITSUDO_SERVER: 'http://gitsudo.example' }, 2, /without TLS/],
    ['no address', { GITSUDO_SERVER: 'gitsudo' }, 2, /no address/],
  ])('%s', async (_, env, expected, message) => {
    const { status, err } = await as('alice', ['status'], { env })
    expect(status).toBe(expected)
    expect(err).toMatch(message)
  })

  it('something else answers', async () => {
    const { status, err } = await as('alice', ['status'], {
      fetch: async () => new Response('<html>', { status: 200 }),
    })
    expect(status).toBe(3)
    expect(err).toMatch(/is not gitsudo \(HTTP 200\)/)
  })

  it('the service has trouble of its own', async () => {
    const broken = world({
      status: async () => {
        throw new Error('boom')
      },
    })
    const url = await broken.server.listen({ host: '127.0.0.1', port: 0 })
    const { status, err } = await as('alice', ['status'], { env: { GITSUDO_SERVER: url } })
    await broken.server.stop()
    expect(status).toBe(3)
    expect(err).toMatch(/→ give the instance id .*\([0-9a-f-]{36}\)/)
  })
})

describe('revoke', () => {
  const revoking = (seen: number) => {
    let looks = 0
    return world({
      status: async (filter) => {
        const found = rows.filter(
          ({ request }) =>
            (filter.id === undefined || request.id === filter.id) &&
            (filter.requesterLogin === undefined || request.requester?.login === filter.requesterLogin),
        )
        looks += 1
        return found.map((row) =>
          row.grant !== undefined && looks > seen
            ? { ...row, grant: { ...row.grant, state: 'ended', cause: 'revoked', endedAt: now } }
            : row,
        )
      },
    })
  }

  it('says ended once the cloud has confirmed it', async () => {
    const { server: own, told: heard } = revoking(4)
    const url = await own.listen({ host: '127.0.0.1', port: 0 })
    const answer = await as('alice', ['revoke', active, '--reason', 'done'], {
      env: { GITSUDO_SERVER: url },
    })
    await own.stop()
    expect(answer).toMatchObject({ status: 0, out: `Request ${active} → ended (revoked)\n` })
    expect(heard.filter((one) => Array.isArray(one) && one[0] === 'revoke')).toMatchObject([
      ['revoke', { why: 'done' }],
    ])
  })

  it('could not tell when nothing confirms it', async () => {
    const answer = await as('alice', ['revoke', active])
    expect(answer.status).toBe(3)
    expect(answer.out).toBe(`Request ${active} → active\n`)
    expect(answer.err).toMatch(/not confirmed gone yet/)
  })

  it('takes every grant of a person', async () => {
    const { server: own } = revoking(3)
    const url = await own.listen({ host: '127.0.0.1', port: 0 })
    const answer = await as('admin', ['revoke', '--user', 'alice', '--all', '--output', 'json'], {
      env: { GITSUDO_SERVER: url },
    })
    await own.stop()
    expect([answer.status, JSON.parse(answer.out).map(({ id }: { id: string }) => id)]).toEqual([0, [active]])
  })

  /** Three grants of Alice's; the second cannot be asked for, and those in `stay` are not confirmed gone. */
  const three = (stay: readonly number[] = [], more: Parameters<typeof world>[0] = {}) => {
    const [granted] = rows
    if (granted?.grant === undefined) throw new Error('no grant')
    const { request, grant } = granted
    const ids = [1, 2, 3].map((n) => requestId(123456, 10 + n, 'requests/alice.yaml'))
    const asked = new Set<string>()
    const third = Promise.withResolvers<void>()
    const own = world({
      ...more,
      status: async ({ id: wanted }) =>
        ids.flatMap((id, n) => {
          if (wanted !== undefined && wanted !== id) return []
          const over = asked.has(id) && n !== 1 && !stay.includes(n)
          const state = over ? { state: 'ended' as const, cause: 'revoked' as const, endedAt: now } : {}
          return [{ request: { ...request, id }, grant: { ...grant, id, ...state } }]
        }),
      revoke: async ({ grant: id }) => {
        asked.add(id)
        if (id === ids[2]) third.resolve()
        // Nobody is asked for before the others are.
        await third.promise
        if (id === ids[1]) throw new Error('the database is away')
      },
    })
    return { ids, server: own.server }
  }
  const all = ['revoke', '--user', 'alice', '--all']

  it('asks for all at once, waits for all, and names the one that could not be asked for', async () => {
    const { ids, server: own } = three()
    const url = await own.listen({ host: '127.0.0.1', port: 0 })
    const answer = await as('admin', all, { env: { GITSUDO_SERVER: url } })
    await own.stop()
    expect(answer.out).toBe([ids[0], ids[2]].map((id) => `Request ${id} → ended (revoked)\n`).join(''))
    expect(answer.err).toMatch(new RegExp(`^${ids[1]} is not revoked: `))
    expect(answer.status).toBe(3)
  })

  it('is refused, by name, what one may not revoke', async () => {
    const { ids, server: own } = three()
    const url = await own.listen({ host: '127.0.0.1', port: 0 })
    const answer = await as('bob', all, { env: { GITSUDO_SERVER: url } })
    await own.stop()
    expect([answer.status, answer.out]).toEqual([1, ''])
    for (const id of ids) expect(answer.err).toContain(`${id} is not revoked: bob may not revoke ${id}`)
  })

  it('names those that nothing confirms, too', async () => {
    const { ids, server: own } = three([2])
    const url = await own.listen({ host: '127.0.0.1', port: 0 })
    const answer = await as('admin', [...all, '--output', 'json'], { env: { GITSUDO_SERVER: url } })
    await own.stop()
    expect(JSON.parse(answer.out)).toMatchObject([
      { id: ids[0], state: 'ended' },
      { id: ids[2], state: 'active' },
    ])
    expect(answer.err).toContain(`${ids[1]} is not revoked: `)
    expect(answer.err).toContain(`${ids[2]} is not confirmed gone yet`)
    expect(answer.status).toBe(3)
  })

  it('takes what bears the login where nobody can tell whose it is, and says that others may be left', async () => {
    const { ids, server: own } = three([], { readable: async () => ({ known: [123456], unread: [777] }) })
    const url = await own.listen({ host: '127.0.0.1', port: 0 })
    const answer = await as('admin', all, { env: { GITSUDO_SERVER: url } })
    await own.stop()
    expect(answer.out).toBe([ids[0], ids[2]].map((id) => `Request ${id} → ended (revoked)\n`).join(''))
    expect(answer.err).toMatch(/What alice has under another login may be left\. .*cannot be read/)
    expect(answer.status).toBe(3)
  })

  it.each([
    ['nothing named', ['revoke'], 2],
    ['a person without --all', ['revoke', '--user', 'alice'], 2],
    ['both', ['revoke', active, '--user', 'alice', '--all'], 2],
    ['an address that nobody has', ['revoke', '--user', 'alcie@acme.example', '--all'], 1],
    ['a login that nobody has', ['revoke', '--user', 'alcie', '--all'], 1],
    ['not yours', ['revoke', active], 1],
    ['nothing granted', ['revoke', waiting], 1],
  ])('%s', async (_, argv, expected) => {
    expect((await as('bob', argv)).status).toBe(expected)
  })
})

describe('audit', () => {
  it('shows the story of a request', async () => {
    const { out } = await as('alice', ['audit', '--request', active])
    expect(out).toMatchSnapshot()
  })

  it('by person and time', async () => {
    const { out } = await as('admin', [
      'audit',
      '--user',
      'alice@acme.example',
      '--since',
      '98s',
      '--output',
      'json',
    ])
    expect(JSON.parse(out).map(({ seq }: { seq: number }) => seq)).toEqual([3, 4])
    expect((await as('admin', ['audit', '--since', 'lately'])).status).toBe(2)
    expect((await as('mallory', ['audit'])).out).toBe('No events.\n')
  })
})

describe('policy and server', () => {
  it('list, eval and reload', async () => {
    expect((await as('alice', ['policy', 'list'])).out).toBe(
      `NAME   TYPE         ENABLED  REPOSITORY   COMMIT\nroles  eligibility  true     acme/access  ${'b'.repeat(10)}\n`,
    )
    const eval_ = await as('alice', ['policy', 'eval', '--input', '{"user":{"groups":["sre"]}}'])
    expect(eval_).toMatchObject({
      status: 1,
      out: 'allowed:  false\nreason:   not in group sre\nassumed:  user.trust_tier 4\n',
    })
    expect(told.at(-1)).toEqual([
      'evaluate',
      { repository: 123456, type: 'eligibility', input: { user: { groups: ['sre'] } } },
    ])
    expect((await as('alice', ['policy', 'eval', '--input', '[]'])).status).toBe(2)
    expect((await as('alice', ['policy', 'eval', '--input', '{'])).status).toBe(2)
    const deep = `{"request":${'['.repeat(50_000)}${']'.repeat(50_000)}}`
    for (const input of [deep, '{"user":{"login":"\\ud800"}}'])
      expect(await as('alice', ['policy', 'eval', '--input', input])).toMatchObject({
        status: 2,
        err: expect.stringMatching(/No policy can be asked this input: .*(deep|surrogate)/),
      })
    expect((await as('alice', ['policy', 'eval', '--input', '{}', '--type', 'x'])).status).toBe(2)
    expect((await as('admin', ['server', 'reload-policies'])).out).toBe('Policies read anew. Enabled: 3\n')
    expect((await as('alice', ['server', 'reload-policies'])).status).toBe(1)
  })

  it('update asks for a second administrator, and takes words it knows', async () => {
    const update = (who: 'admin' | 'alice', ...more: readonly string[]) =>
      as(who, ['policy', 'update', '--name', 'roles', '--repo', 'acme/access', ...more])
    expect(await update('admin', '--enabled', 'false', '--for', '2h')).toMatchObject({
      status: 0,
      out: '⏳ roles stays enabled until another administrator gives the same command (the wish ends in 1h)\n',
    })
    expect(told.at(-1)).toMatchObject(['override', { policy: 'roles', seconds: 7200 }])
    expect((await update('admin', '--enabled', 'true')).out).toBe('✓ roles is enabled\n')
    expect((await update('admin', '--enabled', 'no')).status).toBe(2)
    expect((await update('alice', '--enabled', 'false')).status).toBe(1)
  })

  it('status and version', async () => {
    expect((await as('alice', ['server', 'status'])).out).toMatchSnapshot()
    expect(await as(undefined, ['server', 'status'])).toMatchObject({
      status: 0,
      out: expect.stringContaining('database'),
    })
    expect((await as(undefined, ['server', 'version'])).out).toBe(
      'Server version:  0.1.0\nAPI version:     v1\n',
    )
    expect((await as(undefined, ['version'])).out).toBe('gitsudo 0.1.0\n')
  })

  it('status shows what is away, also where nobody can tell who asks', async () => {
    const away = world({
      readiness: async () => [
        { name: 'database', up: true, detail: 'answers' },
        { name: 'github', up: false, optional: true, detail: 'GET /app got no answer' },
      ],
      caller: () => Promise.reject(new GitHubError('unavailable', 'no answer')),
    })
    const url = await away.server.listen({ host: '127.0.0.1', port: 0 })
    const alone = await as(undefined, ['server', 'status'], { env: { GITSUDO_SERVER: url } })
    const asked = await as('alice', ['server', 'status'], { env: { GITSUDO_SERVER: url } })
    await away.server.stop()
    expect([alone.status, asked.status]).toEqual([1, 3])
    expect(asked.out).toMatch(/github +DOWN +GET \/app got no answer/)
    expect(asked.err).toMatch(/does not answer: no answer\.?\n {2}→ try again/)
  })

  it('status shows the one repository that is wanted, and is not true where it has a trouble', async () => {
    const one = { acceptedCommit: 'a'.repeat(40), troubles: [], off: [] }
    const several = world({
      facts: {
        ...facts,
        repositories: [
          { id: 123456, name: 'acme/access', branch: 'main', merge: 'auto' },
          { id: 777, name: 'acme/other', branch: 'main', merge: 'auto' },
        ],
      },
      repositories: async () => [
        { id: 123456, ...one },
        { id: 777, ...one, troubles: ['no opa'] },
      ],
    })
    const url = await several.server.listen({ host: '127.0.0.1', port: 0 })
    const status = (...more: readonly string[]) =>
      as('admin', ['server', 'status', ...more], { env: { GITSUDO_SERVER: url } })
    const [all, access, other, none, told] = await Promise.all([
      status(),
      status('--repo', 'acme/access'),
      status('--repo', 'acme/other', '-o', 'json'),
      status('--repo', 'acme/none'),
      as(undefined, ['server', 'status', '--repo', 'acme/access'], { env: { GITSUDO_SERVER: url } }),
    ])
    await several.server.stop()
    expect([all, access, other, none, told].map((answer) => answer.status)).toEqual([1, 0, 1, 2, 2])
    expect(access.out).not.toContain('acme/other')
    expect(JSON.parse(other.out)).toMatchObject({ repositories: [{ name: 'acme/other' }] })
    expect(none.err).toContain('acme/none is no access repository')
  })

  it('status is not true when something is missing', async () => {
    const down = world({
      readiness: async () => [{ name: 'database', up: false, detail: 'connection refused' }],
    })
    const url = await down.server.listen({ host: '127.0.0.1', port: 0 })
    const answer = await as(undefined, ['server', 'status'], { env: { GITSUDO_SERVER: url } })
    await down.server.stop()
    expect(answer.status).toBe(1)
    expect(answer.out).toMatch(/database +DOWN +connection refused/)
  })
})
