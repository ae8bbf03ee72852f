// The attack: push twice. First what one wants, then something harmless, and hope that only the last push is looked at;
// or that what the second push does about it hides the first (trust.md 6.12).
import { test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { admin, pathOf, textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('a harmless last push does not hide the pushes before it', async () => {
  const t = await attackWorld()
  const wanted = await t.ask('first-push', admin)
  await t.checked(wanted.head, 'action_required')
  const harmless = pathOf('last-push')
  const head = await t.commit('alice', wanted.branch, { [harmless]: textOf() })
  await t.checked(head, 'action_required', 'an owner of the role')
  await t.land(wanted.number)
  await t.refused(wanted, 'merged with 0 of the 1 approvals')
  // Nor is the harmless one granted: they came together (3.3).
  await t.reached(requestId(t.repository.id, wanted.number, harmless), 'refused')
})

test('a file beside the requests is seen in whichever push it came', async () => {
  const t = await attackWorld()
  const asked = await t.ask('first-push-beside', {}, { 'deploy/run.sh': '#!/bin/sh\n' })
  await t.checked(asked.head, 'failure', 'deploy/run.sh')
  const head = await t.commit('alice', asked.branch, {})
  await t.checked(head, 'failure', 'beside requests/ it changes deploy/run.sh')
  await t.land(asked.number)
  await t.refused(asked, 'deploy/run.sh')
})
