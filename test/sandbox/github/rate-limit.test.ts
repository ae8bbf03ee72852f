import { afterEach, beforeEach, expect, test } from 'vitest'
import { failureOf, type Stage, setStage } from './stage.ts'

let stage: Stage
beforeEach(async () => {
  stage = await setStage({ rateLimits: true })
})
afterEach(() => stage.close())

test('the budget is told with every answer and renewed after an hour by the clock', async () => {
  const { as, alice, at, clock, hub } = stage
  const client = as(alice.token).rest
  const first = await client.repos.get(at)
  expect(first.headers).toMatchObject({
    'x-ratelimit-limit': '5000',
    'x-ratelimit-used': '1',
    'x-ratelimit-resource': 'core',
  })
  expect((await client.rateLimit.get()).data.rate).toMatchObject({ limit: 5000, used: 1, remaining: 4999 })
  const anonymous = () => fetch(`${hub.apiUrl}/meta`)
  for (let n = 0; n < 60; n++) expect((await anonymous()).status).toBe(200)
  const over = await anonymous()
  expect(over.status).toBe(403)
  expect(over.headers.get('x-ratelimit-remaining')).toBe('0')
  expect(((await over.json()) as { message: string }).message).toContain('API rate limit exceeded')
  clock.advance(3_600_001)
  expect((await anonymous()).status).toBe(200)
})

test('content is created at most eighty times a minute', async () => {
  const { as, alice, at, clock, hub } = stage
  const client = as(alice.token).rest
  const { number } = (await client.issues.create({ ...at, title: 'busy' })).data
  const say = () => client.issues.createComment({ ...at, issue_number: number, body: 'x' })
  for (let n = 1; n < 80; n++) await say()
  expect(await failureOf(say())).toMatchObject({
    status: 403,
    message: expect.stringContaining('secondary rate limit'),
  })
  const answer = await fetch(`${hub.apiUrl}/repos/octo/access/issues/${number}/comments`, {
    method: 'POST',
    headers: { authorization: `token ${alice.token}` },
    body: '{"body":"x"}',
  })
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  clock.advance(60_000)
  expect((await say()).status).toBe(201)
})
