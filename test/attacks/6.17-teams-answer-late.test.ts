// The attack: have the list of a team fail halfway. Its members come in pages, nested teams with them; whoever lets the
// first page for the whole list drops the later half, and whoever keeps an old list lets in who has left. Or let somebody
// leave from the first page while the second is read: the first of the second moves up, and is seen on neither. A list
// that was not read to its end, or that GitHub denies after it gave it, says nothing yet (trust.md 6.17, 2.9, 3.12).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { oddWorld } from './support/odd-world.ts'

const cluster = { role: 'cluster-admin', scope: 'c1', duration: '1h' }

test.each([
  ['bad-gateway', 2],
  ['not-found', 2],
  ['not-found', 1],
] as const)('what does not come (%s, page %i) is waited for, and then believed', async (answer, page) => {
  const t = await oddWorld()
  const { admin } = t.github
  const path =
    page === 1 ? /^\/orgs\/acme\/teams\/night-watch\/members/ : /^\/orgs\/acme\/teams\/.*[?&]page=2/
  const members = () => t.github.admin.counters().calls['GET /orgs/{org}/teams/{team_slug}/members'] ?? 0
  const [stays, leaves] = [
    await t.ask(`stays-${answer}-${page}`, cluster),
    await t.ask(`leaves-${answer}-${page}`, cluster),
  ]
  admin.addTeamMember('acme', 'europe', 'erin')
  await t.approve(stays.number, 'bob')
  await t.approve(leaves.number, 'erin')
  await t.checked(stays.head, 'success')
  const over = admin.faults.api({ answer, path })
  try {
    const before = members()
    await t.land(stays.number)
    await t.land(leaves.number)
    for (const { number, head } of [stays, leaves]) {
      await t.pending(head, 'GitHub')
      await t.nothingGranted(number)
    }
    expect(members()).toBeGreaterThan(before + page)
    admin.removeTeamMember('acme', 'europe', 'erin')
  } finally {
    over()
  }
  for (const { number } of [stays, leaves]) await t.people.dave.review(number, 'COMMENT', 'What about this?')
  await t.reached(stays.id, 'active')
  await t.refused(leaves, 'merged with 0 of the 1 approvals that group night-watch had to give')
})

/** Merges, and has two leave from the team's first page while its second is read: bob moves up from there. */
const whileTheyLeave = async (
  t: Awaited<ReturnType<typeof oddWorld>>,
  pull: number,
  then: () => Promise<unknown>,
) => {
  const { admin } = t.github
  const members = () => admin.counters().calls['GET /orgs/{org}/teams/{team_slug}/members'] ?? 0
  const leaving = ['night-0', 'night-1']
  const held = Promise.withResolvers<void>()
  const path = /^\/orgs\/acme\/teams\/night-watch\/members.*[?&]page=2/
  const over = admin.faults.api({ answer: 'slow', until: held.promise, path })
  try {
    const before = members()
    await t.land(pull)
    await until('the second page to be asked for', async () => members() >= before + 2)
    for (const login of leaving) admin.removeTeamMember('acme', 'europe', login)
    held.resolve()
    await then()
  } finally {
    held.resolve()
    over()
    for (const login of leaving) admin.addTeamMember('acme', 'europe', login)
  }
}

test('whoever approved counts, though the list moves while it is read', async () => {
  const t = await oddWorld()
  const asked = await t.ask('moves-approving', cluster)
  await t.approve(asked.number, 'bob')
  await t.checked(asked.head, 'success')
  await whileTheyLeave(t, asked.number, () => t.reached(asked.id, 'active'))
})

test('whoever is against it is heard, though the list moves while it is read', async () => {
  const t = await oddWorld()
  const asked = await t.ask('moves-denying', cluster)
  await t.approve(asked.number, 'carol')
  await t.checked(asked.head, 'success')
  expect(await t.people.bob.review(asked.number, 'REQUEST_CHANGES', 'Not now.')).toBe(200)
  await t.checked(asked.head, 'failure', 'denied by bob')
  await whileTheyLeave(t, asked.number, () => t.refused(asked, 'denied by bob'))
})

test('a person whom GitHub named for the check, and denies at the merge, is waited for', async () => {
  const t = await oddWorld()
  const asked = await t.ask('for-bob', { requester: 'bob' })
  await t.checked(asked.head, 'success')
  const over = t.github.admin.faults.api({ answer: 'not-found', path: /^\/users\/bob$/ })
  try {
    await t.land(asked.number)
    await t.pending(asked.head, 'GitHub named user bob before')
    await t.nothingGranted(asked.number)
  } finally {
    over()
  }
  await t.people.dave.review(asked.number, 'COMMENT', 'What about this?')
  await t.reached(asked.id, 'active')
})

const gone = { answer: 'not-found', path: /^\/orgs\/acme\/teams\/night-watch\/members/ } as const
const named = 'GitHub named team acme/night-watch before, and now knows none'

test('a team that is gone holds up whom its members decide about, and nobody else', async () => {
  const t = await oddWorld()
  const [needs, free] = [await t.ask('gone-needs', cluster), await t.ask('gone-free')]
  await t.approve(needs.number, 'bob')
  await t.checked(needs.head, 'success')
  await t.checked(free.head, 'success')
  // Dave may ask for it as a member alone.
  const maybe = await t.ask('gone-maybe', { ...cluster, requester: 'dave' })
  await t.checked(maybe.head, 'failure', 'cluster-admin is open to')
  const over = t.github.admin.faults.api(gone)
  try {
    await t.land(needs.number)
    await t.pending(needs.head, named)
    await t.land(free.number)
    await t.reached(free.id, 'active')
    await t.people.dave.review(maybe.number, 'COMMENT', 'What about this?')
    await t.pending(maybe.head, named)
    await t.pending(maybe.head, 'mend its group in policies/data/groups.yaml')
    await t.nothingGranted(needs.number)
    await t.nothingGranted(maybe.number)
  } finally {
    over()
  }
  await t.people.dave.review(needs.number, 'COMMENT', 'What about this?')
  await t.reached(needs.id, 'active')
})

test('and no start but theirs', async () => {
  const t = await oddWorld()
  const hour = 3_600_000
  const startsAt = new Date(t.clock.now() + 2 * hour).toISOString().replace(/\.\d+/, '')
  const [needs, free] = [
    await t.ask('gone-needs-later', { ...cluster, startsAt }),
    await t.ask('gone-free-later', { startsAt }),
  ]
  await t.approve(needs.number, 'bob')
  for (const one of [needs, free]) {
    await t.checked(one.head, 'success')
    await t.land(one.number)
    await t.reached(one.id, 'scheduled')
  }
  const over = t.github.admin.faults.api(gone)
  try {
    await t.jump(2 * hour + 60_000)
    await t.reached(free.id, 'active')
    expect(await t.bindings()).not.toContain(needs.id)
  } finally {
    over()
  }
  await t.jump(6 * 60_000)
  await t.reached(needs.id, 'active')
})
