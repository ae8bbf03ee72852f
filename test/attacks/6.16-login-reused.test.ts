// The attack: take the login of somebody who has left it. GitHub gives a login that was renamed away to whoever asks
// for it, and everything that names people by login now names somebody else. People are their numeric ids: a login with
// another id is unknown (trust.md 6.16).
import { expect, test } from 'vitest'
import { admin } from '../support/world.ts'
import { mergingWorld } from './support/merging-world.ts'

test('the new owner of a login neither approves nor gets what the old one could', async () => {
  const t = await mergingWorld()
  const { admin: github, apiUrl } = t.github
  github.renameUser('carol', 'carol-elsewhere')
  const taker = github.createUser({ login: 'carol' })
  github.setPermission(t.repository.fullName, 'carol', 'write')
  try {
    const approved = await t.ask('login-approver', admin)
    const { status } = await fetch(
      `${apiUrl}/repos/${t.repository.fullName}/pulls/${approved.number}/reviews`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${taker.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ event: 'APPROVE' }),
      },
    )
    expect(status).toBe(200)
    await t.approve(approved.number, 'bob')
    await t.checked(
      approved.head,
      'action_required',
      `carol (${taker.id}) is not in policies/data/identities.yaml`,
    )
    await t.land(approved.number)
    await t.refused(approved, `carol (${taker.id}) is not in policies/data/identities.yaml`)

    const named = await t.ask('login-requester', { requester: 'carol' })
    await t.checked(named.head, 'failure', 'the login has a new owner')
    await t.land(named.number)
    await t.refused(named, 'the login has a new owner')
  } finally {
    github.removeUser('carol')
    github.renameUser('carol-elsewhere', 'carol')
  }
})
