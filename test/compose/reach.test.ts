import { expect, test } from 'vitest'
import { reaching } from '../../app/compose/reach.ts'
import type { AnchorBranch } from '../../app/reconcile/ports/anchor.ts'
import { GitHubError } from '../../app/reconcile/ports/github.ts'
import { accessWorld } from '../support/memory/access-world.ts'
import { repositoryId } from '../support/memory/hub.ts'

const away = new GitHubError('unavailable', 'no answer')

/** A world whose GitHub does as `does` says, and its ports as the service uses them. */
const watched = (does: { answers(): Promise<void>; tip(): Promise<string | undefined> }) => {
  const world = accessWorld()
  const { deps } = world
  const anchor: AnchorBranch = {
    tip: () => does.tip(),
    file: async () => undefined,
    parents: async () => [],
    descends: async () => true,
    commit: () => Promise.reject(new GitHubError('conflict', 'somebody was first')),
  }
  const github = { ...deps.github, answers: () => does.answers() }
  const { ports, reach } = reaching({ ...deps, github, anchor })
  return { world, ports, reach }
}

test('GitHub is asked anew after ten seconds, and a hanging question is an answer, too', async () => {
  let times = 0
  const answers: (() => Promise<void>)[] = [
    () => Promise.resolve(),
    () => Promise.reject(away),
    () => Promise.withResolvers<void>().promise,
  ]
  const { world, reach } = watched({
    answers: () => answers[times++]?.() ?? Promise.resolve(),
    tip: async () => undefined,
  })
  expect(await Promise.all([reach.github(), reach.github()])).toEqual([undefined, undefined])
  world.clock.advance(9_999)
  expect(await reach.github()).toBeUndefined()
  expect(times).toBe(1)
  world.clock.advance(1)
  expect(await reach.github()).toBe('no answer')
  world.clock.advance(10_000)
  expect(await reach.github()).toBe('no answer within 2000 ms')
  world.clock.advance(10_000)
  expect(await reach.github()).toBeUndefined()
})

test('a mirror and the anchor are away from the call that fails to the one that does not', async () => {
  let tip = (): Promise<string | undefined> => Promise.reject(away)
  const { world, ports, reach } = watched({ answers: async () => undefined, tip: () => tip() })
  const mirror = ports.git.mirror(repositoryId)
  world.git.away(true)
  await expect(mirror.fetch([])).rejects.toThrow('the network is away')
  await expect(ports.anchor.tip()).rejects.toThrow('no answer')
  expect([reach.mirror(repositoryId), reach.anchor()]).toEqual(['the network is away', 'no answer'])
  expect(reach.mirror(repositoryId + 1)).toBeUndefined()
  world.git.away(false)
  await mirror.fetch([])
  tip = async () => undefined
  await ports.anchor.tip()
  expect([reach.mirror(repositoryId), reach.anchor()]).toEqual([undefined, undefined])
})

test('what is answered with a no is not away', async () => {
  const { ports, reach } = watched({ answers: async () => undefined, tip: async () => undefined })
  await expect(ports.git.mirror(repositoryId).fetch(['0'.repeat(40)])).rejects.toThrow()
  await expect(ports.anchor.commit({ message: '', files: new Map() })).rejects.toThrow('somebody was first')
  expect([reach.mirror(repositoryId), reach.anchor()]).toEqual([undefined, undefined])
})
