// The attack: make oneself a code owner. CODEOWNERS lies in the repository, and a pull request that changes it is
// harmless in itself; from then on GitHub calls dave the owner of every request. It is advice, and asks nobody
// (trust.md 6.15).
import { test } from 'vitest'
import { admin } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

const owners = '* @dave\n/requests/ @dave @frank\n/.github/CODEOWNERS @dave\n'

test('code owners approve nothing', async () => {
  const t = await attackWorld()
  await t.commit('erin', 'main', { '.github/CODEOWNERS': owners })
  const asked = await t.ask('code-owned', admin)
  await t.approve(asked.number, 'dave', 'frank')
  await t.checked(asked.head, 'action_required', 'dave belongs to none of those who are asked')
  await t.land(asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
})

test('nor does a request bring its own', async () => {
  const t = await attackWorld()
  const asked = await t.ask('own-owners', admin, { CODEOWNERS: owners })
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'failure', 'beside requests/ it changes CODEOWNERS')
  await t.land(asked.number)
  await t.refused(asked, 'beside requests/ it changes CODEOWNERS')
})
