import { describe, expect, test } from 'vitest'
import { type AnchorFacts, anchorDue, decideAnchor } from '../../../app/reconcile/anchor/decide.ts'

const now = 1_800_000_000_000
const last = (secondsAgo: number) => ({ size: 10, commit: 'a', at: now - secondsAgo * 1000 })

describe('an anchor is due', () => {
  test.each([
    ['nothing waits', { waiting: 'nothing' }, false],
    ['nothing waits, for hours', { last: last(7200), waiting: 'nothing' }, false],
    ['the first event', { waiting: 'events' }, true],
    ['an event a minute after the last anchor', { last: last(60), waiting: 'events' }, true],
    ['an event within the minute', { last: last(59.999), waiting: 'events' }, false],
    ['something urgent within the minute', { last: last(5), waiting: 'urgent' }, true],
    ['something urgent right behind an anchor', { last: last(4.999), waiting: 'urgent' }, false],
    ['the clock was set back', { last: last(-600), waiting: 'events' }, true],
    ['the clock was set back, and nothing waits', { last: last(-600), waiting: 'nothing' }, false],
  ] as const)('%s', (_, state, due) => {
    expect(anchorDue(state, now)).toBe(due)
  })
})

const checkpoint = (size: number) => ({
  origin: 'test',
  size,
  root: Buffer.alloc(32, 1),
  head: Buffer.alloc(32, 2),
})
const tip = (more: Partial<NonNullable<AnchorFacts['tip']>> = {}) => ({
  commit: 'b',
  checkpoint: checkpoint(12),
  holds: true,
  onTop: true,
  staged: false,
  acknowledged: false,
  ...more,
})
const none = { holds: false }
const without = ({ checkpoint: _, ...rest }: ReturnType<typeof tip>) => rest

describe('what follows from where the branch is', () => {
  test.each<[string, AnchorFacts, object]>([
    ['no branch, no anchor', {}, { act: 'commit', foreign: false }],
    ['the branch is gone', { last: last(1) }, { act: 'stop' }],
    [
      'as we left it',
      { last: last(1), tip: tip({ commit: 'a', checkpoint: checkpoint(10) }) },
      { act: 'commit', parent: 'a', foreign: false },
    ],
    ['a commit of ours that is not on record', { last: last(1), tip: tip() }, { act: 'record', commit: 'b' }],
    ['the first one is not on record', { tip: tip() }, { act: 'record', commit: 'b' }],
    ['its record waits for the seal', { last: last(1), tip: tip({ staged: true }) }, { act: 'wait' }],
    [
      'somebody else wrote on top',
      { last: last(1), tip: without(tip(none)) },
      { act: 'commit', parent: 'b', foreign: true },
    ],
    [
      'an older checkpoint of ours was put on top',
      { last: last(1), tip: tip({ checkpoint: checkpoint(9) }) },
      { act: 'commit', parent: 'b', foreign: true },
    ],
    [
      'a branch of that name was there',
      { tip: without(tip(none)) },
      { act: 'commit', parent: 'b', foreign: true },
    ],
    ['moved back', { last: last(1), tip: tip({ onTop: false, checkpoint: checkpoint(9) }) }, { act: 'stop' }],
    ['moved elsewhere', { last: last(1), tip: without(tip({ ...none, onTop: false })) }, { act: 'stop' }],
    ['the database lacks it', { last: last(1), tip: tip({ holds: false }) }, { act: 'lost', commit: 'b' }],
    [
      'the database differs from the last anchor itself',
      { last: last(1), tip: tip({ commit: 'a', holds: false }) },
      { act: 'lost', commit: 'a' },
    ],
    [
      'the database lacks it, and its record waits for the seal',
      { last: last(1), tip: tip({ holds: false, staged: true }) },
      { act: 'lost', commit: 'b' },
    ],
    ['an empty database', { tip: tip({ holds: false }) }, { act: 'lost', commit: 'b' }],
    [
      'somebody else wrote on top of one that the database lacks',
      { tip: { ...without(tip(none)), hidden: { commit: 'h', checkpoint: checkpoint(12) } } },
      { act: 'lost', commit: 'h', under: 'b' },
    ],
    [
      'somebody else wrote more than is looked through',
      { last: last(1), tip: { ...without(tip(none)), hidden: 'too deep' } },
      { act: 'stop', why: expect.stringContaining('put it back at the anchor a'), deep: true },
    ],
    [
      'the loss is acknowledged',
      { last: last(1), tip: tip({ holds: false, acknowledged: true }) },
      { act: 'commit', parent: 'b', foreign: false },
    ],
    [
      'the loss is acknowledged, and the branch elsewhere',
      { last: last(1), tip: tip({ holds: false, acknowledged: true, onTop: false }) },
      { act: 'stop' },
    ],
  ])('%s', (_, facts, step) => {
    expect(decideAnchor(facts)).toMatchObject(step)
  })
})
