import { describe, expect, it } from 'vitest'
import { start } from './running.ts'
import { active } from './world.ts'

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
