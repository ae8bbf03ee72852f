import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readCheckpoint } from '../../../app/audit/checkpoint.ts'
import { openNote } from '../../../app/audit/note.ts'
import { openStage, type Stage } from './stage.ts'

let t: Stage
beforeEach(async () => {
  t = await openStage()
})
afterEach(() => t.close())

const held = (commit: string) =>
  readCheckpoint(openNote(t.branch.at(commit).get('checkpoint') ?? '', []).text)

describe('somebody else at the branch', () => {
  const started = async () => {
    const one = await t.replica()
    await one.seal()
    await one.turn()
    t.clock.advance(61_000)
    await one.seal()
    return { one, first: t.branch.tips()[0] ?? '' }
  }

  test('wrote on top: an alert, and on top of that', async () => {
    const { one } = await started()
    const foreign = t.branch.put(new Map([['checkpoint', 'nothing of ours\n']]))
    await one.turn()
    expect(t.alerts()).toEqual(['anchor.foreign'])
    expect(await t.branch.descends(foreign, t.branch.tips().at(-1) ?? '')).toBe(true)
    expect(await one.anchored()).toHaveLength(2)
  })

  test('moved it elsewhere: never overwritten, alerted again and again', async () => {
    const { one, first } = await started()
    t.branch.move(undefined)
    const elsewhere = t.branch.put(new Map([['checkpoint', 'mine']]), undefined)
    t.branch.move(elsewhere)
    await one.turn()
    t.clock.advance(300_000)
    await one.turn()
    expect(t.alerts()).toEqual(['anchor.stopped', 'anchor.stopped'])
    expect(await t.branch.tip()).toBe(elsewhere)
    t.branch.move(first)
    t.clock.advance(300_000)
    await one.turn()
    expect(await one.anchored()).toHaveLength(2)
  })

  test('deleted it: not made anew, until it is where it was', async () => {
    const { one, first } = await started()
    t.branch.move(undefined)
    await one.turn()
    expect(t.alerts()).toEqual(['anchor.stopped'])
    expect(await t.branch.tip()).toBeUndefined()
    t.branch.move(first)
    t.clock.advance(300_000)
    await one.turn()
    expect(await one.anchored()).toHaveLength(2)
  })

  test('put an older checkpoint of ours on top: seen', async () => {
    const { one, first } = await started()
    await one.turn()
    t.branch.put(t.branch.at(first))
    t.clock.advance(61_000)
    await one.seal()
    await one.turn()
    expect(t.alerts()).toEqual(['anchor.foreign'])
    expect(held(t.branch.tips().at(-1) ?? '').size).toBeGreaterThan(2)
  })
})
