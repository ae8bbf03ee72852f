// The attack: not to get an approval, but to get the rule changed under a request that waits. A request that needed
// people needs none any more, or other people, of whom one has approved long ago: let the acceptance of the rule be
// the approval (trust.md 1.9).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { pathOf, textOf } from '../support/world.ts'
import { accept, policyWorld, propose, slow, swap } from './support/policies.ts'

const spec = { requester: 'dave' }

test('a tier that falls to auto passes nobody who waits; a new push does', slow, async () => {
  const t = await policyWorld()
  // Of trust tier 2, dave needs an approval even to look.
  const waiting = await t.ask('laxer-auto', spec)
  const merged = await t.ask('laxer-merged', spec)
  await t.checked(waiting.head, 'action_required', 'group sre')
  await t.checked(merged.head, 'action_required', 'group sre')
  const commit = await accept(
    t,
    await propose(t, 'laxer', {
      'data/identities.yaml': swap('id: 1004\n    trustTier: 2', 'id: 1004\n    trustTier: 3'),
    }),
  )
  await t.checked(waiting.head, 'action_required', 'since the policies changed')
  await t.land(merged.number)
  expect(await t.refused(merged, 'since the policies changed')).toContain(commit)

  const made = await t.clone('alice', waiting.branch)
  const head = await made.commit({
    [pathOf('laxer-auto')]: textOf({ ...spec, reason: 'INC-4421 look again' }),
  })
  await made.git('push', '--quiet', 'origin', waiting.branch)
  await t.checked(head, 'success')
  await t.land(waiting.number)
  await t.reached(waiting.id, 'active')
  await until('a binding', async () => (await t.bindings()).includes(waiting.id))
})
