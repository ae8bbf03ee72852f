import { describe, expect, test } from 'vitest'
import { now, stageStore, store } from './stage.ts'

stageStore()

describe('the budget of GitHub writes', () => {
  test('never more than a minute and an hour allow, whatever minute and hour are looked at', async () => {
    const spent: number[] = []
    let time = now
    while (spent.length < 12) {
      const answer = await store.takeBudget(5, 1, time)
      if (answer.ok) spent.push(time)
      else {
        time = answer.retryAt
        expect(await store.takeBudget(5, 1, time - 1)).toEqual({ ok: false, retryAt: time })
      }
    }
    for (const from of spent) {
      expect(spent.filter((time) => time >= from && time < from + 60_000).length).toBeLessThanOrEqual(3)
      expect(spent.filter((time) => time >= from && time < from + 3_600_000).length).toBeLessThanOrEqual(5)
    }
  })

  test('replicas share it, and what GitHub holds back is held back', async () => {
    const takes = await Promise.all(Array.from({ length: 10 }, () => store.takeBudget(5, 1, now)))
    expect(takes.filter(({ ok }) => ok)).toHaveLength(3)
    await store.holdBudget(6, now + 5)
    await store.holdBudget(6, now + 4)
    expect(await store.takeBudget(6, 1, now)).toEqual({ ok: false, retryAt: now + 5 })
    expect(await store.takeBudget(6, 1, now + 5)).toEqual({ ok: true })
  })

  test('what no GitHub asks for holds nobody: written by a hand, or by a clock that was set back since', async () => {
    const year = 365 * 86_400_000
    await store.holdBudget(7, now + year)
    expect(await store.takeBudget(7, 1, now)).toEqual({ ok: true })
    await store.holdBudget(7, now + 5)
    expect(await store.takeBudget(7, 1, now)).toEqual({ ok: false, retryAt: now + 5 })
    for (let n = 0; n < 3; n += 1) await store.takeBudget(8, 1, now + year)
    expect(await store.takeBudget(8, 1, now)).toEqual({ ok: true })
  })
})
