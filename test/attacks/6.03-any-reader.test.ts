// The attack: have somebody approve who may no more than look. GitHub takes reviews from everybody who can read, on a
// public repository from everybody. Being in the group that is asked is not enough either: whoever approves has the
// permission to write (trust.md 6.03, 2.9).
import { expect, test } from 'vitest'
import { oddWorld } from './support/odd-world.ts'

test('an approval by somebody who may only read does not count, member of the group or not', async () => {
  const t = await oddWorld()
  const asked = await t.ask('any-reader', { role: 'cluster-admin', scope: 'c1', duration: '1h' })
  const { admin, apiUrl } = t.github
  const { fullName } = t.repository
  const passerBy = admin.createUser({ login: 'passer-by' })
  const readers = { 'night-7': admin.createUserToken('night-7'), 'passer-by': passerBy.token }
  for (const [login, token] of Object.entries(readers)) {
    admin.setPermission(fullName, login, 'read')
    const { status } = await fetch(`${apiUrl}/repos/${fullName}/pulls/${asked.number}/reviews`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ event: 'APPROVE' }),
    })
    expect(status).toBe(200)
  }
  await t.checked(asked.head, 'action_required', 'night-7 has read permission')
  await t.checked(asked.head, 'action_required', 'passer-by has read permission')
  await t.land(asked.number)
  await t.refused(asked, 'night-7 has read permission')
})
