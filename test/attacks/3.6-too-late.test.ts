// The attack: have an old approval take effect when nobody expects it any more: merge while gitsudo hears nothing,
// and let it hear hours later. `grantWindow` bounds the time from the merge to the first verdict (trust.md 3.6).
import { test } from 'vitest'
import { admin } from '../support/world.ts'
import { held } from './support/quiet.ts'
import { timedWorld } from './support/world.ts'

test('a merge that is heard of after the window grants nothing', async () => {
  const t = await timedWorld()
  const asked = await t.ask('too-late', admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  await held(t, async () => {
    await t.land(asked.number)
    await t.jump(61 * 60_000)
  })
  await t.refused(asked, 'grantWindow')
})
