import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { start } from './running.ts'
import { active, people, sealed } from './world.ts'

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

  it('reads no more than it shows', async () => {
    let shown = 0
    const { call } = await start({
      events: async function* () {
        for (let seq = 200; seq > 0; seq--) {
          shown++
          yield sealed(seq, 'policy.loaded', undefined)
        }
      },
    })
    expect(seqs(await call('GET', '/api/v1/audit?limit=2', 'admin'))).toEqual([199, 200])
    expect(shown).toBe(2)
  })

  it('asks for what the caller may see and wants, and for nothing else', async () => {
    const asked: unknown[] = []
    const { call } = await start({
      events: async function* (filter) {
        asked.push(filter)
        yield sealed(1, 'request.created', people.alice, active)
      },
    })
    await call('GET', '/api/v1/audit?until=1970-01-01T00:00:01Z', 'alice')
    await call('GET', '/api/v1/audit', 'auditor')
    expect(asked).toEqual([{ until: 1_000, concerning: { user: 1, requests: [active] } }, {}])
  })

  it('reads once at a time for a caller, and for four at once', async () => {
    const gate = Promise.withResolvers<void>()
    onTestFinished(() => gate.resolve())
    let entered = 0
    const { call } = await start({
      events: async function* () {
        entered++
        await gate.promise
        yield sealed(1, 'policy.loaded', undefined)
      },
    })
    const read: ReturnType<typeof call>[] = []
    for (const [n, who] of ['alice', 'bob', 'carol', 'mallory'].entries()) {
      read.push(call('GET', '/api/v1/audit', who))
      await expect.poll(() => entered).toBe(n + 1)
      const again = await call('GET', '/api/v1/audit', who)
      expect([again.status, again.headers.get('retry-after')]).toEqual([429, '1'])
      expect(again.json.detail).toMatch(/last call/)
    }
    const other = await call('GET', '/api/v1/requests', 'alice')
    expect([other.status, other.json.detail]).toEqual([429, expect.stringMatching(/others/)])
    // Who has to see what is to be revoked is kept out by nobody.
    expect((await call('GET', '/api/v1/requests', 'admin')).status).toBe(200)
    gate.resolve()
    expect((await Promise.all(read)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await call('GET', '/api/v1/audit', 'alice')).status).toBe(200)
  })

  it('is read no further for who hung up', async () => {
    const entered = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const { address, call, lines } = await start({
      events: async function* ({ until }) {
        if (until !== undefined) return
        entered.resolve()
        try {
          for (let seq = 1_000; seq > 0; seq--) {
            yield sealed(seq, 'policy.loaded', undefined)
            await sleep(2)
          }
          ended.reject(new Error('all was read'))
        } finally {
          ended.resolve()
        }
      },
    })
    const hangUp = new AbortController()
    const headers = { authorization: 'Bearer token-bob' }
    const answer = fetch(`${address}/api/v1/audit`, { headers, signal: hangUp.signal })
    await entered.promise
    hangUp.abort()
    await expect(answer).rejects.toThrow()
    await ended.promise
    expect((await call('GET', '/api/v1/audit?until=2026-12-01T00:00:00Z', 'bob')).status).toBe(200)
    expect(lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  it.each(['?since=yesterday', '?request=x', '?limit=0'])('%s is refused', async (query) => {
    const { call } = await start()
    expect((await call('GET', `/api/v1/audit${query}`, 'admin')).status).toBe(400)
  })
})
