import { expect, test } from 'vitest'
import type { Open } from '../../app/grant/standing.ts'
import { overlooked } from '../../app/reconcile/overlooked.ts'
import { memoryClock } from '../support/memory/clock.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryLog } from '../support/memory/log.ts'

const standingOf = (open: ReadonlyMap<string, Open>) => ({
  standing: async () => ({
    open,
    closed: new Map(),
    over: new Map(),
    revoked: new Map(),
    given: new Set<string>(),
    perhapsGiven: new Set<string>(),
    overrides: new Map(),
    strays: new Map(),
    policies: new Map(),
  }),
})

test('every pass compares what is to be taken away, and some thousands of the rest, in turn', async () => {
  const clock = memoryClock()
  const now = clock.now()
  const open = new Map<string, Open>()
  for (let n = 0; n < 12_010; n++) {
    const past = n % 1201 === 0
    const intent = anIntent(n + 1, now, past ? { endsAt: now - (n % 2) } : {})
    open.set(intent.grant, { intent, seq: n, stage: 'issued', blocked: false })
  }
  const lasting = [...open].filter(([, { intent }]) => intent.endsAt > now)
  const revoked = lasting[9000]
  if (revoked === undefined) throw new Error('too few')
  open.set(revoked[0], { ...revoked[1], blocked: true })
  const always = [...open].filter(([, one]) => one.blocked || one.intent.endsAt <= now).map(([id]) => id)

  const passes: (readonly string[])[] = []
  const deps = {
    clock,
    log: memoryLog(),
    ledger: standingOf(open),
    store: {
      grantTimers: async (ids: readonly string[]) => {
        passes.push(ids)
        return ids.map((id) => ({ id, state: 'active' as const, lookAt: now }))
      },
    },
  }
  let from = 0
  for (let pass = 0; pass < 3; pass++) {
    const { wake, next } = await overlooked(deps, from)
    expect(wake).toEqual([])
    from = next
  }
  expect(from).toBe(0)
  expect(always).toHaveLength(11)
  for (const ids of passes) {
    expect(ids).toEqual(expect.arrayContaining(always))
    expect(ids.length).toBeLessThanOrEqual(5000 + always.length)
  }
  expect(new Set(passes.flat()).size).toBe(open.size)
})

test('what is to be taken away is urgent, since its end or, ahead of that, since now', async () => {
  const clock = memoryClock()
  const now = clock.now()
  const [over, revoked, lasting] = [
    anIntent(1, now - 10_000, { endsAt: now - 5000 }),
    anIntent(2, now),
    anIntent(3, now),
  ]
  const open = new Map<string, Open>(
    [over, revoked, lasting].map((intent, seq) => [
      intent.grant,
      { intent, seq, stage: 'issued', blocked: intent === revoked },
    ]),
  )
  const deps = {
    clock,
    log: memoryLog(),
    ledger: standingOf(open),
    store: { grantTimers: async () => [] },
  }
  expect((await overlooked(deps, 0)).wake).toEqual([
    { queue: 'grant', key: over.grant, urgent: now - 5000 },
    { queue: 'grant', key: revoked.grant, urgent: now },
    { queue: 'grant', key: lasting.grant },
  ])
})
