import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import { answer, answerWith, calls, now, serve, setUp } from './odd-answers.ts'

serve()

describe('each answer has its code, and the time to ask again', () => {
  const reset = String(now / 1000 + 1800)
  test.each<[string, number, Readonly<Record<string, string>>, string, string, number | undefined]>([
    [
      'primary limit',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
      'API rate limit exceeded',
      'rate_limited',
      now + 1_800_000,
    ],
    [
      'primary limit',
      429,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
      'API rate limit exceeded',
      'rate_limited',
      now + 1_800_000,
    ],
    [
      'a reset in the past',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' },
      'x',
      'rate_limited',
      now + 1000,
    ],
    [
      'secondary limit',
      403,
      { 'retry-after': '42', 'x-ratelimit-remaining': '4000' },
      'You have exceeded a secondary rate limit',
      'rate_limited',
      now + 42_000,
    ],
    [
      'secondary limit by date',
      429,
      { 'retry-after': new Date(now + 90_000).toUTCString() },
      'x',
      'rate_limited',
      now + 90_000,
    ],
    [
      'secondary limit without a time',
      403,
      {},
      'You have exceeded a secondary rate limit',
      'rate_limited',
      now + 60_000,
    ],
    ['a bare 429', 429, {}, 'slow down', 'rate_limited', now + 60_000],
    [
      'no permission',
      403,
      { 'x-ratelimit-remaining': '4000' },
      'Resource not accessible by integration',
      'forbidden',
      undefined,
    ],
    ['bad credentials', 401, {}, 'Bad credentials', 'forbidden', undefined],
    ['absent', 404, {}, 'Not Found', 'not_found', undefined],
    ['gone', 410, {}, 'Gone', 'not_found', undefined],
    ['conflict', 409, {}, 'Conflict', 'conflict', undefined],
    ['invalid', 422, {}, 'Validation Failed', 'invalid', undefined],
    ['broken', 500, {}, 'Server Error', 'unavailable', undefined],
    ['bad gateway', 502, {}, 'Bad Gateway', 'unavailable', undefined],
    ['maintenance', 503, { 'retry-after': '120' }, 'Maintenance', 'unavailable', now + 120_000],
  ])('%s %i', async (_name, status, headers, message, code, retryAt) => {
    const { api, held } = setUp()
    answer(status, { message }, headers)
    const error = await api.openPulls().catch((thrown) => thrown)
    expect(error).toMatchObject({
      name: 'GitHubError',
      code,
      retryAt,
      message: expect.stringContaining(message),
    })
    expect(error.message).toContain('GET /repos/acme/access/pulls')
    expect(held).toEqual(code === 'rate_limited' ? [[3, retryAt]] : [])
  })
})

test('405 on a merge is not_mergeable, and a way that is not allowed leads to the next', async () => {
  const { api } = setUp()
  answer(405, { message: 'At least 1 approving review is required' })
  await expect(api.merge(5, 'a'.repeat(40))).rejects.toMatchObject({ code: 'not_mergeable' })
  answer(405, { message: 'Base branch was modified. Review and try the merge again.' })
  await expect(api.merge(5, 'a'.repeat(40))).rejects.toMatchObject({ code: 'base_moved' })
  const ways: string[] = []
  answerWith((request, response) => {
    request.on('data', (chunk) => ways.push(JSON.parse(String(chunk)).merge_method))
    request.on('end', () => {
      const allowed = ways.length === 2
      response.writeHead(allowed ? 200 : 405, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify(
          allowed ? { merged: true } : { message: 'Merge commits are not allowed on this repository.' },
        ),
      )
    })
  })
  await api.merge(5, 'a'.repeat(40))
  expect(ways).toEqual(['merge', 'squash'])
})

test('a merge queue is asked with the head that was decided on, and its refusals have names', async () => {
  const { api } = setUp()
  const head = 'a'.repeat(40)
  let now = head
  let said: unknown = { data: { enqueuePullRequest: { mergeQueueEntry: { id: 'x' } } } }
  const asked: unknown[] = []
  answerWith((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const merging = request.method === 'PUT'
      response.writeHead(merging ? 405 : 200, { 'content-type': 'application/json' })
      if (merging)
        return response.end(JSON.stringify({ message: 'Changes must be made through the merge queue' }))
      if (request.method === 'GET')
        return response.end(JSON.stringify({ node_id: 'PR_5', head: { sha: now } }))
      asked.push([request.url, JSON.parse(Buffer.concat(chunks).toString()).variables])
      response.end(JSON.stringify(said))
    })
  })
  await api.merge(5, head)
  expect(asked).toEqual([['/api/graphql', { input: { pullRequestId: 'PR_5', expectedHeadOid: head } }]])
  const refuse = (type: string | undefined, message: string) => {
    said = { data: { enqueuePullRequest: null }, errors: [{ ...(type ? { type } : {}), message }] }
    return expect(api.merge(5, head)).rejects
  }
  await refuse('UNPROCESSABLE', 'a required check is missing').toMatchObject({ code: 'not_mergeable' })
  await refuse('FORBIDDEN', 'no').toMatchObject({ code: 'forbidden' })
  await refuse('NOT_FOUND', 'no').toMatchObject({ code: 'not_found' })
  await refuse('RATE_LIMITED', 'no').toMatchObject({ code: 'rate_limited' })
  said = { data: null, errors: [{ message: 'Pull request is already in the queue' }] }
  await api.merge(5, head)
  said = 'nonsense'
  await expect(api.merge(5, head)).rejects.toMatchObject({ code: 'unavailable' })
  now = 'b'.repeat(40)
  const before = asked.length
  await expect(api.merge(5, head)).rejects.toMatchObject({ code: 'conflict' })
  expect(asked).toHaveLength(before)
})

describe('an answer that is not whole is no answer', () => {
  test.each<[string, RequestListener]>([
    ['silence', () => undefined],
    ['a hang-up', (request) => request.socket.destroy()],
    [
      'a body that stalls',
      (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('['),
    ],
    [
      'a body that breaks off',
      (request, response) => {
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
          .write('[]', () => request.socket.destroy())
      },
    ],
    [
      'a body that is cut',
      (_request, response) =>
        void response.writeHead(200, { 'content-type': 'application/json' }).end('[{"number": 1'),
    ],
    ['nothing at all', (_request, response) => void response.writeHead(200).end()],
    [
      'a login page',
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    ],
    [
      'a link to elsewhere',
      (_request, response) => {
        response
          .writeHead(200, {
            'content-type': 'application/json',
            link: '<http://127.0.0.1:1/next>; rel="next"',
          })
          .end('[]')
      },
    ],
  ])('%s', async (_name, listener) => {
    const { api } = setUp()
    answerWith(listener)
    await expect(api.openPulls()).rejects.toMatchObject({ name: 'GitHubError', code: 'unavailable' })
  })

  test('409 in the middle of a list, which Octokit takes for its end', async () => {
    const { api } = setUp()
    answer(409, { message: 'Git Repository is empty.' })
    await expect(api.reviews(1)).rejects.toMatchObject({ code: 'conflict' })
  })
})

test('a redirect is what a renamed repository answers', async () => {
  const { api } = setUp()
  answer(301, { message: 'Moved Permanently' }, { location: '/api/v3/repositories/7/pulls' })
  await expect(api.openPulls()).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('renamed or transferred'),
  })
  expect(calls.filter(({ url }) => url.includes('repositories'))).toEqual([])
})

test('no write goes out when the budget is used up; reads do', async () => {
  const { api } = setUp({ ok: false, retryAt: now + 5000 })
  answer(200, [])
  for (const write of [
    () => api.createComment(1, 'x'),
    () => api.close(1),
    () => api.merge(1, 'a'.repeat(40)),
    () => api.askReviewers(1, { users: ['bob'], teams: [] }),
  ]) {
    await expect(write()).rejects.toMatchObject({ code: 'rate_limited', retryAt: now + 5000 })
  }
  expect(calls.filter(({ method, url }) => method !== 'GET' && !url.includes('access_tokens'))).toEqual([])
  expect(await api.openPulls()).toEqual([])
})

test('nothing secret is in an error or a log line', async () => {
  const { api, github, lines } = setUp()
  answer(500, { message: 'broken' })
  const errors = [
    await api.openPulls().catch((error) => error),
    await github.caller('the caller token').catch((error) => error),
    await github.caller('the-callers-token').catch((error) => error),
  ]
  const { inspect } = await import('node:util')
  const printed = inspect(errors, { depth: 20, showHidden: true }) + JSON.stringify(lines)
  expect(printed).toContain('broken')
  for (const secret of [
    'ghs_secret',
    'the client secret',
    'the-callers-token',
    Buffer.from('id:the client secret').toString('base64'),
    'PRIVATE KEY',
  ]) {
    expect(printed).not.toContain(secret)
  }
})

test('a renamed answer to the token request is refused', async () => {
  const { api } = setUp({ ok: true }, 'acme/former')
  await expect(api.openPulls()).rejects.toMatchObject({
    code: 'forbidden',
    message: 'repository 7 is configured as acme/former and is now Acme/access (7)',
  })
})

test('every call asks for the version of the API that its answers are read as', async () => {
  const { api } = setUp()
  answer(200, [])
  await api.openPulls()
  expect(new Set(calls.map(({ version }) => version))).toEqual(new Set(['2022-11-28']))
})
