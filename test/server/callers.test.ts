import { describe, expect, it } from 'vitest'
import { start } from './running.ts'
import { active, now } from './world.ts'

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
