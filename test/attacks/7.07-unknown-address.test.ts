// The bug of others: people are told apart by e-mail, and an address that maps to nobody is nobody whom the ban on
// approving one's own work could meet: bob writes the request from his private address, or is its co-author under it,
// and approves it as bob. While somebody is unknown, no approval counts (trust.md 7.07, 2.8).
import { test } from 'vitest'
import { admin } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

const stranger = 'bob.at.home@mail.example'
const hats: Readonly<Record<string, readonly string[]>> = {
  author: ['--author', `Bob <${stranger}>`],
  'co-author': ['--message', `More\n\nCo-Authored-By: Bob <${stranger}>`],
}

test.each(Object.entries(hats))('an unknown %s: no approval counts', async (hat, args) => {
  const t = await attackWorld()
  const asked = await t.ask(`address-${hat}`, admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const mine = await t.clone('alice', asked.branch)
  const head = await mine.commit({}, ...args)
  await mine.git('push', '--quiet', 'origin', asked.branch)
  await t.checked(head, 'action_required', `${stranger} belongs to nobody known`)
  await t.checked(head, 'action_required', 'policies/data/identities.yaml')
  await t.land(asked.number)
  await t.refused(asked, `no approval counts: ${stranger} belongs to nobody known`)
})
