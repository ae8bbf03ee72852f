import { expect, test } from 'vitest'
import { debtOf } from '../../app/grant/debt.ts'
import type { Open } from '../../app/grant/standing.ts'
import { anIntent } from '../support/memory/intent.ts'

const now = 1_800_000_000_000
const ending = (number: number, endsAt: number, change: Partial<Open> = {}): [string, Open] => {
  const intent = anIntent(number, now - 7_200_000, { endsAt })
  return [intent.grant, { intent, seq: number, stage: 'issued', blocked: false, ...change }]
}

test.each<[string, readonly [string, Open][], number, number]>([
  ['nothing is open', [], 0, 0],
  ['it lives', [ending(1, now + 1)], 0, 0],
  ['its end came', [ending(1, now)], 1, 0],
  ['it was never read back', [ending(1, now - 5000, { stage: 'intended' })], 1, 5000],
  ['it is being revoked', [ending(1, now + 5000, { blocked: true, blockedAt: now })], 1, 0],
  ['it was revoked early', [ending(1, now + 5000, { blocked: true, blockedAt: now - 700 })], 1, 700],
  ['it was revoked after its end', [ending(1, now - 900, { blocked: true, blockedAt: now - 7 })], 1, 900],
  ['it is only scheduled', [ending(1, now - 1, { stage: 'scheduled' })], 0, 0],
  ['the oldest of several', [ending(1, now - 5), ending(2, now - 9), ending(3, now + 9)], 2, 9],
])('revocation debt: %s', (_what, open, count, oldestMs) => {
  expect(debtOf(new Map(open), now)).toEqual({ count, oldestMs })
  expect(debtOf(new Map(open), now, 'mock')).toEqual({ count, oldestMs })
  expect(debtOf(new Map(open), now, 'gcp')).toEqual({ count: 0, oldestMs: 0 })
})
