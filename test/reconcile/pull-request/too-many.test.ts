import { describe, expect, test } from 'vitest'
import { isForced } from '../../../app/audit/report/story.ts'
import { accessWorld, filePath, requestFile } from '../../support/memory/access-world.ts'
import { counted } from '../../support/memory/counted.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { approved, calls, minute } from './approved.ts'

const names = (count: number) => Array.from({ length: count }, (_, n) => `x-${String(n).padStart(3, '0')}`)
/** So many requests, each for somebody else, and what was asked about them. */
const crowd = () => {
  const counts = counted()
  let asked = 0
  const world = accessWorld({
    around: counts.around,
    deny: () => {
      asked += 1
      return []
    },
  })
  return {
    world,
    push: (name: string, count: number) =>
      world.push(
        name,
        Object.fromEntries(
          names(count).map((one) => [
            filePath(one),
            requestFile(one).replace('requester: alice', `requester: user-${one}`),
          ]),
        ),
        'alice',
      ),
    counts: () => ({
      everHeld: counts.calls('everHeld'),
      blob: counts.calls('blob'),
      account: counts.calls('account'),
      policies: asked,
    }),
    decision: async (pull: number) => (await world.store.pull(repositoryId, pull))?.decision,
  }
}
const nothing = { everHeld: 0, blob: 0, account: 0, policies: 0 }
const tooMany = (count: number) => `it adds ${count} files under requests/, and a pull request may add 100`

describe('more requests than one pull request may bring', () => {
  test('are refused without a question about any', async () => {
    const at = crowd()
    at.push('many', 101)
    const pull = at.world.open('many', 'alice')
    await at.world.settle()
    expect(at.counts()).toEqual(nothing)
    expect(await at.decision(pull)).toMatchObject({ verdict: 'denied', summary: tooMany(101) })
    expect(JSON.stringify(await at.decision(pull))).toContain('open several pull requests')
    expect(JSON.stringify(await at.decision(pull)).length).toBeLessThan(3000)
    expect(await at.world.states(pull)).toEqual({})
    expect([...at.world.checks.values()].at(-1)).toMatchObject({ conclusion: 'failure' })
  })

  test('one less is asked about', async () => {
    const at = crowd()
    at.push('many', 100)
    const pull = at.world.open('many', 'alice')
    await at.world.settle()
    expect(at.counts()).toMatchObject({ everHeld: 100, account: 100 })
    expect((await at.decision(pull))?.requests).toHaveLength(100)
  })

  test('merged all the same, each is refused for good, and once', async () => {
    const at = crowd()
    const { world } = at
    at.push('many', 101)
    const pull = world.open('many', 'alice')
    await world.settle()
    await world.merge(pull, 'alice')
    await world.settle()
    const told = names(101).map((one) => [one, 'refused'])
    expect(await world.states(pull)).toEqual(Object.fromEntries(told))
    expect(await at.decision(pull)).toMatchObject({ moment: 'merge', verdict: 'denied' })
    expect(calls(world).filter((call) => call === 'createComment')).toHaveLength(1)
    expect([...world.comments.values()].at(-1)?.body).toContain(tooMany(101))
    await world.lookAtPull(pull)
    await world.pass(10 * minute)
    for (const one of names(101)) expect(world.typesOf(one)).toEqual(['grant.refused'])
    const [first] = world.ledger.events().filter(({ type }) => type === 'grant.refused')
    const by = { kind: 'user', login: 'alice' }
    expect(first).toMatchObject({
      pull,
      actor: by,
      commit: world.git.tip('main'),
      data: { why: tooMany(101) },
    })
    expect(first && isForced(first)).toBe(true)
    expect(at.counts()).toEqual(nothing)
  })

  test('take the approved one with them, until they are gone', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    const files = names(100).map((one) => filePath(one))
    world.push('a', Object.fromEntries(files.map((path) => [path, requestFile(path)])), 'alice')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'cancelled' })
    expect(world.ledger.events().at(-1)).toMatchObject({
      type: 'request.cancelled',
      data: { why: 'too many files in the pull request' },
    })
    world.push('a', Object.fromEntries(files.map((path) => [path, undefined])), 'alice')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'approved' })
  })

  test('merged with what was approved before, none is granted', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    world.push('a', Object.fromEntries(names(100).map((one) => [filePath(one), requestFile(one)])), 'alice')
    await world.merge(pull, 'alice')
    await world.settle()
    expect(new Set(Object.values(await world.states(pull)))).toEqual(new Set(['refused']))
    expect(Object.keys(await world.states(pull))).toHaveLength(101)
  })
})

describe('a pull request from a fork', () => {
  test('costs no question about people, to policies or about its commits', async () => {
    const at = crowd()
    at.push('theirs', 3)
    at.world.push('theirs', { [filePath('a')]: requestFile() }, 'alice')
    const pull = at.world.open('theirs', 'alice', { fork: true })
    await at.world.settle()
    expect(at.counts()).toMatchObject({ account: 0, policies: 0 })
    expect(await at.decision(pull)).toMatchObject({
      verdict: 'denied',
      summary: expect.stringContaining('the pull request comes from a fork'),
    })
    await at.world.merge(pull, 'alice')
    await at.world.settle()
    const told = ['a', ...names(3)].map((one) => [one, 'refused'])
    expect(await at.world.states(pull)).toEqual(Object.fromEntries(told))
    expect(at.counts()).toMatchObject({ account: 0, policies: 0 })
  })
})
