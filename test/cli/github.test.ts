import { describe, expect, it } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { api, as, github, pulls, repository, rowsOf, stageGitHub, told } from './live-github.ts'

stageGitHub()

const ask = [
  'request',
  '--provider',
  'mock',
  '--role',
  'prod-admin',
  '--scope',
  '123456789012',
  '--duration',
  '2h',
  '--reason',
  'INC-1: tasks "crash"',
  '--ticket',
  'INC-1',
]
const slugs = [...'abcdefghijklmnopqrs'].map((letter) => letter.repeat(4))
/** A connection that is closed. */
const gone = () => Promise.reject(new TypeError('fetch failed'))
const slug = () => slugs.shift() ?? 'zzzz'

describe('request', () => {
  it('writes the file, opens the pull request as the user, and says who can approve', async () => {
    const { status, out, err } = await as('alice', ask, { slug })
    expect({ status, err }).toEqual({ status: 0, err: '' })
    const [pull] = await pulls()
    const path = 'requests/2026/12/alice-prod-admin-aaaa.yaml'
    const id = requestId(repository.id, pull?.number ?? 0, path)
    expect(out).toBe(
      `✓ Request submitted (ID: ${id})\n  ${github.url}/acme/access/pull/${pull?.number}\n⏳ Awaiting approval from group sre (bob)\n`,
    )
    expect(pull).toMatchObject({
      state: 'open',
      title: 'Access: alice → prod-admin on 123456789012 for 2h',
      user: { login: 'alice' },
      head: { ref: 'gitsudo/alice-aaaa' },
      base: { ref: 'main' },
    })
    const file = (await api(`/contents/${path}?ref=${pull?.head.sha}`)) as { content: string }
    expect(Buffer.from(file.content, 'base64').toString()).toBe(
      [
        'apiVersion: gitsudo.dev/v1',
        'kind: AccessRequest',
        'spec:',
        '  requester: "alice"',
        '  provider: "mock"',
        '  role: "prod-admin"',
        '  scope: "123456789012"',
        '  duration: "2h"',
        '  reason: "INC-1: tasks \\"crash\\""',
        '  ticket: "INC-1"',
        '',
      ].join('\n'),
    )
  })

  it('tells why when policy denies it', async () => {
    told.state = 'denied'
    const { status, out } = await as('alice', ask, { slug })
    expect(status).toBe(1)
    expect(out).toMatch(/✗ denied: not in group sre\n[\s\S]*30m would pass/)
  })

  it('waits until it is approved', async () => {
    const { status, out } = await as('alice', [...ask, '--wait'], { slug }, () => {
      told.state = 'approved'
    })
    expect(status).toBe(0)
    expect(out).toMatch(/⏳ Awaiting approval from group sre \(bob\)\n✓ Approved; merge it to start: http/)
  })

  it('prints the ID alone with -q, and the request as JSON', async () => {
    expect((await as('alice', [...ask, '-q'], { slug })).out).toMatch(/^req_[0-9A-Z]{26}\n$/)
    expect(JSON.parse((await as('alice', [...ask, '-o', 'json'], { slug })).out)).toMatchObject({
      id: expect.stringMatching(/^req_/),
      state: 'pending',
    })
  })

  describe('once the pull request is open', () => {
    /** The service answers `answer` in place of what it would say of a request. */
    const instead =
      (answer: () => Response | Promise<Response> | undefined): typeof fetch =>
      async (...call) =>
        (/\/api\/v1\/requests\//.test(String(call[0])) ? answer() : undefined) ?? fetch(...call)
    const problem = (status: number) =>
      Response.json({ title: 'x', status, code: 'x', detail: `said ${status}` }, { status })

    it('an answer that could not tell is no verdict yet', async () => {
      const broken = [() => problem(503), gone, () => new Response('<html>', { status: 502 })]
      const { status, out, err } = await as('alice', ask, { slug, fetch: instead(() => broken.shift()?.()) })
      expect([status, broken, out]).toEqual([
        0,
        [],
        expect.stringMatching(/Awaiting approval from group sre/),
      ])
      expect(err.split('\n')).toEqual([
        'said 503 Asking again.',
        expect.stringMatching(/^gitsudo at .* cannot be reached\. Asking again/),
        expect.stringMatching(/^What answers at .* is not gitsudo .HTTP 502.* Asking again/),
        '',
      ])
    })

    it.each([401, 403])('what refuses to say is the end, waited for or not: %i', async (code) => {
      for (const option of ['--wait', '-otable']) {
        const answers = [() => problem(404), () => problem(code)]
        const { status, err } = await as('alice', [...ask, option], {
          slug,
          fetch: instead(() => answers.shift()?.() ?? problem(code)),
        })
        expect([status, err]).toEqual([1, `gitsudo: said ${code}\n`])
      }
    })

    it.each([
      ['-q', /^req_[0-9A-Z]{26}\n$/],
      ['-ojson', /"id": "req_[0-9A-Z]{26}",[\s\S]*"pull_request_url": "http/],
      ['-otable', /ID: req_[0-9A-Z]{26}\)\n {2}http/],
    ])('its ID is told whatever becomes of it: %s', async (option, told) => {
      const away = { slug, fetch: instead(() => problem(503)) }
      expect(await as('alice', [...ask, option], away)).toMatchObject({
        status: 0,
        out: expect.stringMatching(told),
      })
      const wrong = { slug, fetch: instead(() => problem(400)) }
      expect(await as('alice', [...ask, option], wrong)).toMatchObject({
        status: 2,
        out: expect.stringMatching(told),
      })
    })
  })

  it('shows every fault before anything is sent', async () => {
    const before = (await pulls()).length
    const { status, err } = await as('alice', [
      'request',
      '--provider',
      'mars',
      '--role',
      'a b',
      '--scope',
      '*',
      '--duration',
      'soon',
      '--reason',
      'x',
    ])
    expect(status).toBe(2)
    for (const line of ['provider', 'role', 'scope', 'duration']) expect(err).toContain(line)
    expect(await pulls()).toHaveLength(before)
  })

  it.each([
    ['a missing option', ['request', '--provider', 'mock'], 2, /--role/],
    ['another repository', [...ask, '--repo', 'acme/other'], 2, /acme\/access/],
  ])('%s', async (_, argv, expected, message) => {
    const { status, err } = await as('alice', argv)
    expect(status).toBe(expected)
    expect(err).toMatch(message)
  })

  it('says why, and what is left behind, where the branch cannot be removed again', async () => {
    const refusing: typeof fetch = async (input, init) => {
      const method = init?.method ?? 'GET'
      const pull = method === 'POST' && String(input).endsWith('/pulls')
      if (!pull && method !== 'DELETE') return fetch(input, init)
      return Response.json({ message: pull ? 'Validation Failed: too many' : 'Not today' }, { status: 422 })
    }
    const { status, err } = await as('alice', ask, { slug: () => 'left', fetch: refusing })
    expect([status, err]).toEqual([1, expect.stringMatching(/^gitsudo: GitHub says no: .*too many/)])
    expect(err).toMatch(
      /gitsudo\/alice-left could not be removed again\.\n {2}→ remove it: git push origin --delete/,
    )
  })

  it('leaves nothing behind for whoever may not write', async () => {
    const { status, err } = await as('reader', ask, { slug })
    expect(status).toBe(1)
    expect(err).toMatch(/write permission/)
    expect((await api('/git/matching-refs/heads/gitsudo/reader')) as unknown[]).toEqual([])
  })
})

describe('approve and deny', () => {
  const reviews = async (number: number) =>
    (
      (await api(`/pulls/${number}/reviews`)) as {
        user: { login: string }
        state: string
        body: string
        commit_id: string
      }[]
    ).map(({ user, state: said, body, commit_id }) => [user.login, said, body, commit_id])
  const first = async () => {
    const [row] = await rowsOf()
    if (row === undefined) throw new Error('no pull request')
    return row.request
  }
  const seen = () => {
    told.decidedAt += 1
  }

  it('review the commit that was decided on, as the user', async () => {
    const row = await first()
    const approved = await as('bob', ['approve', row.id, '--comment', 'fine'], {}, seen)
    expect(approved).toMatchObject({
      status: 0,
      out: expect.stringContaining(`Request ${row.id} → pending from group sre (bob)`),
    })
    const denied = await as('bob', ['deny', row.id, '--reason', 'not now'], {}, seen)
    expect(denied.status).toBe(0)
    expect(await reviews(row.pull)).toEqual([
      ['bob', 'APPROVED', 'fine', row.headSha],
      ['bob', 'CHANGES_REQUESTED', 'not now', row.headSha],
    ])
  })

  it('are said to be submitted although the service cannot tell what comes of it', async () => {
    const row = await first()
    let asked = 0
    const away: typeof fetch = async (...call) => {
      const about = String(call[0]).includes('/api/v1/requests/')
      return about && ++asked > 1 ? gone() : fetch(...call)
    }
    expect(await as('bob', ['approve', row.id], { fetch: away })).toMatchObject({
      status: 0,
      out: expect.stringMatching(/Review submitted; gitsudo status req_/),
    })
    expect(asked).toBeGreaterThan(2)
  })

  it('are refused in GitHub’s words where GitHub refuses', async () => {
    const { status, err } = await as('alice', ['approve', (await first()).id])
    expect(status).toBe(1)
    expect(err).toMatch(/^gitsudo: GitHub says no: .*own pull request/i)
  })

  it('have nothing to say about what is over', async () => {
    told.state = 'refused'
    const { status, err } = await as('bob', ['approve', (await first()).id])
    expect([status, err]).toEqual([1, expect.stringMatching(/is refused: there is nothing to review/)])
    expect((await as('bob', ['deny', (await first()).id])).status).toBe(2)
  })
})
