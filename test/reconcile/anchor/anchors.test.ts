import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readCheckpoint } from '../../../app/audit/checkpoint.ts'
import { openNote } from '../../../app/audit/note.ts'
import { GitHubError } from '../../../app/reconcile/ports/github.ts'
import { openStage, type Stage } from './stage.ts'

let t: Stage
beforeEach(async () => {
  t = await openStage()
})
afterEach(() => t.close())

const held = (commit: string) =>
  readCheckpoint(openNote(t.branch.at(commit).get('checkpoint') ?? '', []).text)
const unavailable = () => new GitHubError('unavailable', 'GitHub has trouble')

describe('anchors', () => {
  test('the first makes the branch; each names its commit on record, and asks for no other', async () => {
    const one = await t.replica()
    await one.turn()
    expect(t.branch.tips()).toEqual([])
    await one.seal(3)
    await one.turn()
    const [commit = ''] = t.branch.tips()
    expect(held(commit)).toMatchObject({ origin: 'test.example', size: 3 })
    expect(t.branch.at(commit).get('keys')).toBe(`${t.signer.key.text}\n`)
    expect(await one.anchored()).toEqual([{ size: 3, commit }])
    for (let minute = 0; minute < 5; minute += 1) {
      t.clock.advance(61_000)
      await one.turn()
    }
    expect(t.branch.tips()).toEqual([commit])
  })

  test('one a minute, whatever the load, and none later than a minute after its event', async () => {
    const one = await t.replica()
    for (let second = 0; second < 300; second += 5) {
      await one.seal(2)
      await one.turn()
      t.clock.advance(5_000)
    }
    t.clock.advance(60_000)
    await one.turn()
    expect(t.branch.writes()).toBe(6)
    const sizes = (await one.anchored()).map(({ size }) => Number(size))
    expect(sizes.at(-1)).toBeGreaterThanOrEqual(120)
  })

  test('an override is anchored at once', async () => {
    const one = await t.replica()
    await one.seal()
    await one.turn()
    t.clock.advance(5_000)
    await one.seal(1, 'policy.overridden')
    await one.turn()
    expect(t.branch.writes()).toBe(2)
    await one.seal()
    await one.turn()
    expect(t.branch.writes()).toBe(2)
  })

  test('overrides without end are anchored every five seconds', async () => {
    const one = await t.replica()
    for (let second = 0; second <= 20; second += 1) {
      await one.seal(1, 'policy.overridden')
      await one.turn()
      t.clock.advance(1_000)
    }
    expect(t.branch.writes()).toBe(5)
  })

  test('two replicas at once make one anchor', async () => {
    const [one, two] = [await t.replica(), await t.replica()]
    for (let minute = 0; minute < 4; minute += 1) {
      await one.seal(3)
      await Promise.all([one.turn(), two.turn()])
      await Promise.all([one.turn(), two.turn()])
      t.clock.advance(61_000)
    }
    const record = await one.anchored()
    expect(record.map(({ commit }) => commit)).toEqual(t.branch.tips())
  })

  test('seen by another replica before it is on record, it is on record once', async () => {
    const [one, two] = [await t.replica(), await t.replica()]
    await one.seal()
    await one.turn()
    await two.turn()
    t.clock.advance(61_000)
    await one.seal()
    t.branch.after('commit', async () => {
      t.clock.advance(5)
      await two.turn()
      t.clock.advance(5)
    })
    await one.turn()
    expect((await one.anchored()).map(({ commit }) => commit)).toEqual(t.branch.tips())
    expect(t.branch.writes()).toBe(2)
  })

  test('the first anchor of all, made while another replica looks for it, is missed by nobody', async () => {
    const [one, two] = [await t.replica(), await t.replica()]
    await one.seal()
    t.branch.after('tip', () => two.turn())
    await one.turn()
    expect(t.log.lines.filter(({ level }) => level === 'alert')).toEqual([])
    expect(one.anchorer.doubt()).toBeUndefined()
    expect((await one.anchored()).map(({ commit }) => commit)).toEqual(t.branch.tips())
  })

  test('with a clock set back ten minutes it goes on', async () => {
    const one = await t.replica()
    await one.seal()
    await one.turn()
    t.clock.advance(-600_000)
    await one.seal()
    await one.turn()
    expect(t.branch.writes()).toBe(2)
    expect(one.witnessed).toHaveLength(2)
  })
})

describe('what goes wrong', () => {
  test('GitHub away: tried again, nothing lost', async () => {
    const one = await t.replica()
    await one.seal()
    await one.turn()
    t.clock.advance(61_000)
    await one.seal()
    t.branch.fault('commit', unavailable())
    await one.turn()
    await one.turn()
    expect(t.branch.writes()).toBe(1)
    t.clock.advance(10_000)
    await one.turn()
    expect((await one.anchored()).map(({ commit }) => commit)).toEqual(t.branch.tips())
    expect(t.branch.writes()).toBe(2)
  })

  test.each(['the answer is lost', 'the process dies before the record'])(
    '%s: the branch tells, and nothing is anchored or recorded twice',
    async (how) => {
      const one = await t.replica()
      await one.seal()
      await one.turn()
      t.clock.advance(61_000)
      await one.seal(4)
      const died = how.startsWith('the process')
      t.branch.fault('commit', died ? new Error('killed') : unavailable(), 'after')
      if (died) await expect(one.turn()).rejects.toThrow('killed')
      else await one.turn()
      expect(await one.anchored()).toHaveLength(1)
      t.clock.advance(11_000)
      const two = await t.replica()
      await two.turn()
      expect((await two.anchored()).map(({ commit }) => commit)).toEqual(t.branch.tips())
      t.clock.advance(61_000)
      await two.turn()
      expect(t.branch.writes()).toBe(2)
      expect(await two.anchored()).toHaveLength(2)
    },
  )

  test('another was quicker: looked at again', async () => {
    const one = await t.replica()
    await one.seal()
    await one.turn()
    t.clock.advance(61_000)
    await one.seal()
    t.branch.fault('commit', new GitHubError('conflict', 'the branch is elsewhere'))
    await one.turn()
    t.clock.advance(1_000)
    await one.turn()
    expect(await one.anchored()).toHaveLength(2)
    expect(t.alerts()).toEqual([])
  })

  test.each(['forbidden', 'not_found', 'invalid'] as const)(
    '%s: alerts every five minutes, gives access all the same, and goes on by itself',
    async (code) => {
      const one = await t.replica()
      await one.turn()
      t.branch.fault('tip', new GitHubError(code, 'no'))
      await one.seal()
      await one.turn()
      expect(t.alerts()).toEqual(['anchor.refused'])
      expect(one.anchorer.doubt()).toBeUndefined()
      t.clock.advance(299_000)
      await one.turn()
      expect(t.branch.writes()).toBe(0)
      t.clock.advance(1_000)
      t.branch.fault('tip', new GitHubError(code, 'no'))
      await one.turn()
      expect(t.alerts()).toEqual(['anchor.refused', 'anchor.refused'])
      t.clock.advance(300_000)
      await one.turn()
      expect(await one.anchored()).toHaveLength(1)
    },
  )

  test('GitHub has asked to wait: not asked before', async () => {
    const one = await t.replica()
    await one.seal()
    await one.turn()
    t.clock.advance(61_000)
    await one.seal()
    t.branch.fault('commit', new GitHubError('rate_limited', 'wait', { retryAt: t.clock.now() + 90_000 }))
    await one.turn()
    t.clock.advance(89_000)
    await one.turn()
    expect(t.branch.writes()).toBe(1)
    t.clock.advance(1_000)
    await one.turn()
    expect(t.branch.writes()).toBe(2)
  })
})
