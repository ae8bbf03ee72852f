// The attack: ask in somebody else's name without being anybody's deputy, or call it an emergency. On behalf of
// another needs `allow_on_behalf_of` of a policy that allows; break-glass needs `allow_break_glass`, and is refused
// altogether until it is there; and a denial stands against either (trust.md 4.3). The denial is played with policies
// of other words (see 4.1).
import { afterAll, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { admin, pathOf, textOf } from '../support/world.ts'
import { oddPolicyWorld } from './support/odd-policies.ts'
import { oddlyRefused } from './support/odd-rules-world.ts'
import { attackWorld } from './support/world.ts'

const odd = oddPolicyWorld()
afterAll(() => odd.close())

test('frank is nobody’s deputy', async () => {
  const t = await attackWorld()
  const [path, branch] = [pathOf('for-alice'), 'ask/for-alice']
  const his = await t.clone('frank')
  const head = await his.commit({ [path]: textOf() })
  await his.git('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`)
  const { number } = await t.people.frank.openPull(branch, 'For alice')
  await t.approve(number, 'bob', 'carol', 'erin')
  await t.checked(head, 'failure', 'no policy lets frank ask on behalf of alice')
  await t.land(number)
  const asked = { number, head, path, branch, id: requestId(t.repository.id, number, path) }
  await t.refused(asked, 'no policy lets frank ask on behalf of alice')
})

test('an emergency opens nothing', async () => {
  const t = await attackWorld()
  const asked = await t.ask('emergency', { ...admin, breakGlass: 'true' })
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'failure', 'break-glass is not available yet')
  await t.land(asked.number)
  await t.refused(asked, 'break-glass is not available yet')
})

test('a denial stands, whatever else is allowed', async () => {
  await odd.refused('denied', { case: 'deny' }, 'the holidays')
  await oddlyRefused('deny', 'the holidays')
})
