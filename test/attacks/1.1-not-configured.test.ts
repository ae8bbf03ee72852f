// The attack: make a repository of one's own, with policies that let oneself in, and install the App there; or take the
// name of a configured repository after the real one was moved away, or take the real one to an organisation of one's
// own; or ask in a configured one for what it was not made for (trust.md 1.1).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { admin, pathOf, textOf } from '../support/world.ts'
import { slow } from './support/policies.ts'
import { ownWorld } from './support/world.ts'

test(
  'the App installed elsewhere does nothing, and a new repository of the old name is another one',
  slow,
  async () => {
    const t = await ownWorld({ merge: 'manual', others: ['second', 'third'] })
    try {
      const { admin } = t.github
      const files = { 'README.md': 'mine' }
      const mine = await admin.createRepository({
        owner: 'acme',
        name: 'mine',
        files,
      })
      for (const login of ['alice', 'erin']) admin.setPermission('acme/mine', login, 'admin')
      admin.installApp('gitsudo', 'acme/mine')
      const openIn = async (name: string, slug: string) => {
        const made = await t.clone('alice', 'main', name)
        await made.git('switch', '--quiet', '--create', slug)
        const head = await made.commit({ [pathOf(slug)]: textOf() })
        await made.git('push', '--quiet', 'origin', slug)
        const { body } = await t.people.alice.api('POST', `/repos/${name}/pulls`, {
          title: slug,
          head: slug,
          base: 'main',
        })
        return { head, number: (body as { number: number }).number }
      }
      const checksOn = async (name: string, head: string) => {
        const { body } = await t.people.erin.api('GET', `/repos/${name}/commits/${head}/check-runs`)
        return (body as { check_runs: readonly unknown[] }).check_runs
      }
      const merge = (name: string, number: number) =>
        t.people.erin.api('PUT', `/repos/${name}/pulls/${number}/merge`, {})

      const there = await openIn('acme/mine', 'mine')
      await merge('acme/mine', there.number)
      await admin.deliveriesSettled()
      // Whatever it might have done has been done once a request here has come through.
      const here = await t.ask('after-mine')
      await t.checked(here.head, 'success')
      expect(await checksOn('acme/mine', there.head)).toEqual([])
      expect(await t.query('select 1 from requests where repository = $1', [mine.id])).toEqual([])
      const kept = (repository: number) =>
        t.query('select guid from deliveries where repository = $1', [repository])
      expect(await kept(mine.id)).toEqual([])
      await t.nothingGranted(there.number, mine.id)

      const id = t.second.id
      await admin.renameRepository(t.second.fullName, 'acme/moved')
      await t.alerted('github.repository_changed', { action: 'renamed', repository: id, now: 'acme/moved' })
      // The old name leads to it; where somebody else has that name it does no longer.
      const led = await openIn('acme/moved', 'led')
      await merge('acme/moved', led.number)
      await admin.deliveriesSettled()
      const other = await admin.createRepository({ owner: 'acme', name: 'second', files })
      for (const login of ['alice', 'erin']) admin.setPermission('acme/second', login, 'admin')
      admin.installApp('gitsudo', 'acme/second')
      const moved = await openIn('acme/moved', 'moved')
      const taken = await openIn('acme/second', 'taken')
      const third = t.others[1]
      admin.createOrg({ login: 'evil' })
      await admin.renameRepository('acme/third', 'evil/third')
      admin.installApp('gitsudo', 'evil/third')
      const transferred = await openIn('evil/third', 'transferred')
      await merge('evil/third', transferred.number)
      await merge('acme/moved', moved.number)
      await merge('acme/second', taken.number)
      await admin.deliveriesSettled()
      const last = await t.ask('after-second')
      await t.checked(last.head, 'success')
      await until(
        'the ledger to rest',
        async () => (await t.query('select 1 from ledger_staged')).length === 0,
      )
      expect(await checksOn('acme/second', taken.head)).toEqual([])
      expect(await kept(other.id)).toEqual([])
      await t.nothingGranted(taken.number, other.id)
      for (const { head } of [led, moved]) expect(await checksOn('acme/moved', head)).toEqual([])
      await t.nothingGranted(led.number, id)
      await t.nothingGranted(moved.number, id)
      expect(await checksOn('evil/third', transferred.head)).toEqual([])
      await t.nothingGranted(transferred.number, third?.id)
    } finally {
      await t.close()
    }
  },
)

test('what a repository may not touch is refused, whatever its policies and people say', async () => {
  const within = '123456789012'
  const t = await ownWorld({ merge: 'manual', scopes: [within] })
  try {
    const beyond = '210987654321'
    const asked = await t.ask('beyond-reach', { ...admin, scope: `"${beyond}"` })
    await t.approve(asked.number, 'bob', 'carol')
    await t.checked(asked.head, 'failure', `may not touch ${beyond}`)
    await t.land(asked.number)
    const why = await t.refused(asked, `may not touch ${beyond}`)
    expect(why).toContain('may not touch')
    // There is nothing else against it.
    const near = await t.ask('within-reach', { ...admin, scope: `"${within}"` })
    await t.approve(near.number, 'bob', 'carol')
    await t.checked(near.head, 'success')
    await t.land(near.number)
    await t.reached(near.id, 'active')
  } finally {
    await t.close()
  }
})
