// The attack: have the list of a team fail halfway. Its members come in pages, nested teams with them; whoever lets the
// first page for the whole list drops the later half, and whoever keeps an old list lets in who has left. A list that
// was not read to its end says nothing yet (trust.md 6.17, 2.9).
import { expect, test } from 'vitest'
import { oddWorld } from './support/odd-world.ts'

const cluster = { role: 'cluster-admin', scope: 'c1', duration: '1h' }

test.each(['bad-gateway', 'not-found'] as const)(
  'the second page that does not come (%s) is waited for, and then believed',
  async (answer) => {
    const t = await oddWorld()
    const { admin } = t.github
    const members = () => t.github.admin.counters().calls['GET /orgs/{org}/teams/{team_slug}/members'] ?? 0
    const [stays, leaves] = [
      await t.ask(`stays-${answer}`, cluster),
      await t.ask(`leaves-${answer}`, cluster),
    ]
    admin.addTeamMember('acme', 'europe', 'erin')
    await t.approve(stays.number, 'bob')
    await t.approve(leaves.number, 'erin')
    await t.checked(stays.head, 'success')
    const over = admin.faults.api({ answer, path: /^\/orgs\/acme\/teams\/.*[?&]page=2/ })
    try {
      const before = members()
      await t.land(stays.number)
      await t.land(leaves.number)
      for (const { number, head } of [stays, leaves]) {
        await t.pending(head, 'GitHub')
        await t.nothingGranted(number)
      }
      expect(members()).toBeGreaterThan(before + 2)
      admin.removeTeamMember('acme', 'europe', 'erin')
    } finally {
      over()
    }
    for (const { number } of [stays, leaves])
      await t.people.dave.review(number, 'COMMENT', 'What about this?')
    await t.reached(stays.id, 'active')
    await t.refused(leaves, 'merged with 0 of the 1 approvals that group night-watch had to give')
  },
)
