import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { acknowledgeRestore } from '../../../app/reconcile/anchor.ts'
import { GitHubError } from '../../../app/reconcile/ports/github.ts'
import { newSigner, openStage, type Stage } from './stage.ts'

let t: Stage
beforeEach(async () => {
  t = await openStage()
})
afterEach(() => t.close())

const unavailable = () => new GitHubError('unavailable', 'GitHub has trouble')

describe('a database that lacks what was anchored (trust.md 3.11)', () => {
  const cut = (seq: number) =>
    t.owner(`delete from audit_events where seq > ${seq}; delete from checkpoints where size > ${seq}`)

  test('is in doubt until GitHub has shown the branch', async () => {
    const one = await t.replica()
    expect(one.anchorer.doubt()).toContain('has not been seen')
    t.branch.fault('tip', unavailable())
    await one.turn()
    expect(one.anchorer.doubt()).toContain('has not been seen')
    t.clock.advance(10_000)
    await one.turn()
    expect(one.anchorer.doubt()).toBeUndefined()
  })

  test.each<[string, string, (commit: string) => void, (commit: string) => void]>([
    [
      'is refused',
      'anchor.refused',
      () => t.branch.fault('tip', new GitHubError('forbidden', 'the App is not installed')),
      () => undefined,
    ],
    ['is gone', 'anchor.stopped', () => t.branch.move(undefined), (commit) => t.branch.move(commit)],
    [
      'is elsewhere',
      'anchor.stopped',
      () => t.branch.move(t.branch.put(new Map([['checkpoint', 'mine']]), 'nothing of ours')),
      (commit) => t.branch.move(commit),
    ],
  ])('a branch that %s: doubted from the start, until it was seen once, and then no more', async (...row) => {
    const [, alert, takeAway, putBack] = row
    const one = await t.replica()
    await one.seal(5)
    await one.turn()
    const [commit = ''] = t.branch.tips()
    takeAway(commit)
    const two = await t.replica()
    await two.turn()
    expect(two.anchorer.doubt()).toMatch(/^the anchor has not been seen since the start: ./)
    expect(t.alerts()).toEqual([alert])
    if (alert === 'anchor.stopped')
      await expect(acknowledgeRestore(two)).rejects.toThrow(
        /^What was anchored cannot be told: .* put it back/,
      )
    putBack(commit)
    t.clock.advance(10_000)
    await two.turn()
    expect(two.anchorer.doubt()).toBeUndefined()
    takeAway(commit)
    await two.seal()
    t.clock.advance(61_000)
    await two.turn()
    expect(t.alerts()).toEqual([alert, alert])
    expect(two.anchorer.doubt()).toBeUndefined()
  })

  test('a loss that was seen stays one, whatever becomes of the branch then', async () => {
    const one = await t.replica()
    await one.seal(5)
    await one.turn()
    const [commit = ''] = t.branch.tips()
    await cut(3)
    const two = await t.replica()
    await two.turn()
    const lost = two.anchorer.doubt()
    expect(lost).toContain('lacks what the newest anchor holds, 5 events')
    t.branch.fault('tip', new GitHubError('forbidden', 'the App is not installed'))
    t.clock.advance(10_000)
    await two.turn()
    expect(two.anchorer.doubt()).toBe(lost)
    // A backup of before the first anchor does not know that there was a branch.
    await t.owner(`delete from audit_events where type = 'ledger.anchored'`)
    t.branch.move(undefined)
    t.clock.advance(10_000)
    await two.turn()
    expect(two.anchorer.doubt()).toBe(lost)
    t.branch.move(commit)
    expect(await acknowledgeRestore(two)).toBe(5)
    t.clock.advance(10_000)
    await two.turn()
    expect(two.anchorer.doubt()).toBeUndefined()
  })

  test('gives nothing and anchors nothing, until somebody says that it is known', async () => {
    const one = await t.replica()
    await one.seal(5)
    await one.turn()
    const [commit] = t.branch.tips()
    await cut(3)
    const two = await t.replica()
    await two.seal(1)
    await two.turn()
    expect(two.anchorer.doubt()).toContain('lacks what the newest anchor holds, 5 events')
    expect(t.alerts()).toEqual(['ledger.restored'])
    // Grown past the anchor it is still another ledger.
    await two.seal(4)
    t.clock.advance(61_000)
    await two.turn()
    expect(t.branch.tips()).toEqual([commit])
    expect(two.anchorer.doubt()).toBeDefined()

    expect(await acknowledgeRestore(two)).toBe(5)
    expect(await acknowledgeRestore(two)).toBeUndefined()
    t.clock.advance(61_000)
    await two.turn()
    expect(two.anchorer.doubt()).toBeUndefined()
    expect(await t.branch.descends(commit ?? '', t.branch.tips().at(-1) ?? '')).toBe(true)
    expect((await two.anchored()).at(-1)?.commit).toBe(t.branch.tips().at(-1))
    const three = await t.replica()
    await three.turn()
    expect(three.anchorer.doubt()).toBeUndefined()
  })

  test.each<[string, string, (older: string) => void]>([
    [
      'their own',
      'of before all anchors',
      () => t.branch.put(new Map([['checkpoint', 'nothing of ours\n']])),
    ],
    ['their own', 'of later', () => t.branch.put(new Map([['checkpoint', 'nothing of ours\n']]))],
    ['an older one of ours', 'of later', (older) => t.branch.put(t.branch.at(older))],
  ])('a commit of others with %s on top hides no loss from a backup %s', async (_, backup, put) => {
    const one = await t.replica()
    await one.seal(2)
    await one.turn()
    const [older = ''] = t.branch.tips()
    t.clock.advance(61_000)
    await one.seal(3)
    await one.turn()
    const newest = t.branch.tips().at(-1) ?? ''
    await cut(3)
    if (backup === 'of before all anchors')
      await t.owner(`delete from audit_events where seq > 1; delete from checkpoints`)
    put(older)
    const foreign = t.branch.tips().at(-1)
    const two = await t.replica()
    await two.turn()
    expect(two.anchorer.doubt()).toContain('lacks what the newest anchor holds, 6 events')
    expect(t.alerts()).toEqual(['anchor.foreign', 'ledger.restored'])
    expect(await t.branch.tip()).toBe(foreign)
    expect(await acknowledgeRestore(two)).toBe(6)
    t.clock.advance(300_000)
    await two.turn()
    expect(two.anchorer.doubt()).toBeUndefined()
    expect(await two.checkpoints.recorded('ledger.restored', newest)).toBe(true)
    const three = await t.replica()
    await three.turn()
    expect(three.anchorer.doubt()).toBeUndefined()
  })

  test('what lies under more commits of others than are looked through is doubted by whoever starts, until there is a newer anchor', async () => {
    const one = await t.replica()
    await one.seal(5)
    await one.turn()
    const [ours = ''] = t.branch.tips()
    for (let n = 0; n < 25; n += 1) t.branch.put(new Map([['checkpoint', `nothing of ours ${n}\n`]]))
    const two = await t.replica()
    await two.turn()
    expect(two.anchorer.doubt()).toContain(`put it back at the anchor ${ours}`)
    expect(t.alerts()).toEqual(['anchor.stopped'])
    // Who has seen it goes on.
    await one.seal()
    t.clock.advance(61_000)
    await one.turn()
    expect(t.alerts()).toEqual(['anchor.stopped', 'anchor.foreign'])
    expect(await one.anchored()).toHaveLength(2)
    t.clock.advance(300_000)
    await two.turn()
    expect(two.anchorer.doubt()).toBeUndefined()
  })

  test('what is forged on the branch takes nobody out of service', async () => {
    const one = await t.replica()
    await one.seal(2)
    await one.turn()
    const [first = ''] = t.branch.tips()
    const mallory = await t.replica([newSigner()])
    await mallory.seal(5)
    const forged = await mallory.checkpoints.make('now')
    t.branch.put(new Map([['checkpoint', forged?.note ?? '']]))
    await t.owner('delete from checkpoints where size > 2')
    const two = await t.replica()
    await two.turn()
    expect(two.anchorer.doubt()).toBeUndefined()
    expect(await t.branch.descends(first, t.branch.tips().at(-1) ?? '')).toBe(true)
  })
})
