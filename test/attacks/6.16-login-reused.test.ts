// The attack: take the login of somebody who has left it. GitHub gives a login that was renamed away to whoever asks
// for it, and everything that names people by login now names somebody else. People are their numeric ids: a login with
// another id is unknown (trust.md 6.16).
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { createPerson } from '../../app/sandbox/person.ts'
import { admin, pathOf, textOf } from '../support/world.ts'
import { mergingWorld } from './support/merging-world.ts'

test('the new owner of a login neither approves nor gets what the old one could', async () => {
  const t = await mergingWorld()
  const { admin: github, apiUrl, url: gitUrl } = t.github
  const repository = t.repository.fullName
  github.renameUser('carol', 'carol-elsewhere')
  const taker = github.createUser({ login: 'carol' })
  github.setPermission(repository, 'carol', 'write')
  const carol = createPerson(taker, { apiUrl, gitUrl, repository, dir: join(t.dir, 'taker') })
  try {
    const approved = await t.ask('login-approver', admin)
    expect(await carol.review(approved.number, 'APPROVE')).toBe(200)
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

    const [path, branch] = [pathOf('login-own'), 'ask/login-own']
    await carol.push(branch, 'Ask for myself', { [path]: textOf({ requester: 'carol' }) })
    const own = await carol.openPull(branch, 'Access for myself')
    await t.checked(own.head, 'failure', 'the login has a new owner')
    await t.land(own.number)
    const id = requestId(t.repository.id, own.number, path)
    await t.refused({ ...own, id, path, branch }, 'the login has a new owner')
  } finally {
    github.removeUser('carol')
    github.renameUser('carol-elsewhere', 'carol')
  }
})
