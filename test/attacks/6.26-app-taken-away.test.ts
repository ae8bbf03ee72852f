// The attack: take gitsudo's eyes away. An owner of the organisation suspends the App, cuts its permissions or takes it
// off, and hopes that what is granted stays because nobody looks any more. Somebody is told, access ends as ever, and
// nothing new is given (trust.md 6.26).
import { expect, test } from 'vitest'
import { appPermissions } from '../../app/sandbox/world.ts'
import { mergingWorld } from './support/merging-world.ts'

const granted = async (slug: string) => {
  const t = await mergingWorld()
  const asked = await t.ask(slug)
  await t.reached(asked.id, 'active')
  const { fullName } = t.repository
  return { t, asked, app: t.github.admin, fullName, id: t.github.admin.installApp('gitsudo', fullName) }
}

test('suspended: told, and a grant that is revoked is gone', async () => {
  const { t, asked, app, id } = await granted('app-suspended')
  app.suspendInstallation(id)
  try {
    await t.alerted('github.installation_changed', { action: 'suspend', installation: id })
    expect((await t.gitsudo('alice', 'revoke', asked.id, '--reason', 'done')).status).toBe(0)
    await t.reached(asked.id, 'ended')
    expect(await t.bindings()).not.toContain(asked.id)
  } finally {
    app.suspendInstallation(id, false)
  }
})

test('without its permissions: told, nothing new, and grants end in time', async () => {
  const { t, asked, app } = await granted('app-cut')
  app.setAppPermissions('gitsudo', { metadata: 'read' })
  try {
    await t.alerted('github.installation_changed', { action: 'new_permissions_accepted' })
    const blind = await t.ask('app-cut-blind')
    await t.land(blind.number)
    await t.jump(31 * 60_000)
    await t.reached(asked.id, 'ended')
    expect(await t.bindings()).not.toContain(asked.id)
    await t.nothingGranted(blind.number)
  } finally {
    app.setAppPermissions('gitsudo', appPermissions)
  }
})

test('taken off: told, and grants end in time; installed anew, it goes on', async () => {
  const { t, asked, app, id, fullName } = await granted('app-off')
  app.uninstallApp(id)
  try {
    await t.alerted('github.installation_changed', { action: 'deleted', installation: id })
    await t.jump(31 * 60_000)
    await t.reached(asked.id, 'ended')
    expect(await t.bindings()).not.toContain(asked.id)
  } finally {
    app.installApp('gitsudo', fullName)
  }
  const again = await t.ask('app-on')
  await t.reached(again.id, 'active')
})
