// The attack: merge what was approved and take the merge off the branch again before gitsudo decides, so that access
// is held that the history knows nothing of. The merge commit must be reachable from the configured branch at the
// decision, and hold the approved blob (trust.md 3.1; another blob in it is 2.3).
import { test } from 'vitest'
import { admin } from '../support/world.ts'
import { held } from './support/quiet.ts'
import { timedWorld } from './support/world.ts'

test('a merge that has left the branch grants nothing', async () => {
  const t = await timedWorld()
  const asked = await t.ask('merge-gone', admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const { fullName } = t.repository
  const rule = (allowForcePushes: boolean) =>
    t.github.admin.protectBranch(fullName, 'main', {
      requiredChecks: [{ context: 'gitsudo' }],
      allowForcePushes,
    })
  await held(t, async () => {
    const theirs = await t.clone('erin')
    await t.land(asked.number)
    rule(true)
    await theirs.git('push', '--quiet', '--force', 'origin', 'HEAD:main')
    rule(false)
  })
  await t.refused(asked, 'is not on main')
})
