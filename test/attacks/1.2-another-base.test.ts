// The attack: a branch that nobody guards. Open the request, or a change of the policies, into a side branch, where it
// merges without anybody's approval, and let that merge count (trust.md 1.2).
import { expect, test } from 'vitest'
import { pathOf, textOf } from '../support/world.ts'
import { slow } from './support/policies.ts'
import { quiet } from './support/quiet.ts'
import { attackWorld } from './support/world.ts'

test.each([
  ['a request', pathOf('side-base'), textOf()],
  ['policies', 'policies/data/groups.yaml', 'apiVersion: gitsudo.dev/v1\nkind: Groups\ngroups: {}\n'],
])(
  '%s into another branch gets a failing check, and its merge gives nothing',
  slow,
  async (what, path, text) => {
    const t = await attackWorld()
    const slug = `side-${what.replaceAll(' ', '-')}`
    const made = await t.clone('alice')
    await made.git('push', '--quiet', 'origin', `HEAD:refs/heads/base/${slug}`)
    await made.git('switch', '--quiet', '--create', slug)
    const head = await made.commit({ [path]: text })
    await made.git('push', '--quiet', 'origin', slug)
    const { number } = await t.api<{ number: number }>(
      'POST',
      '/pulls',
      { title: slug, head: slug, base: `base/${slug}` },
      'alice',
    )
    await t.checked(head, 'failure', `the base is base/${slug}`)
    await t.approve(number, 'erin')
    await t.land(number)
    await quiet(t, number)
    await t.nothingGranted(number)
    expect(
      await t.query(`select 1 from audit_events where type = 'policy.accepted' and pull = $1`, [number]),
    ).toEqual([])
    expect(
      t.replica.alerts.filter((one) => one.event === 'policy.not_accepted' && one.pull === number),
    ).toEqual([])
  },
)
