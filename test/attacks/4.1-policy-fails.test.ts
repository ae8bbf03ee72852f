// The attack: bring a policy that would refuse to fail, so that its silence is taken for consent: a request that
// makes two of its rules contradict each other, answer with another type, or eat all memory. It might have denied, so
// it refuses (trust.md 4.1). Played against the running service, and against the reconcilers in memory. There is no
// Rego compiler here: these policies are committed as wasm, which the service under test is given for their sources.
import { afterAll, describe, expect, test } from 'vitest'
import { oddPolicyWorld } from './support/odd-policies.ts'
import { oddlyRefused, oddRulesWorld } from './support/odd-rules-world.ts'

const odd = oddPolicyWorld()
afterAll(() => odd.close())

describe.each([
  ['conflict', 'policy may-ask'],
  ['type', 'allow is a string'],
  ['memory', 'it needs more than 64 MiB of memory'],
  ['two', 'policy must-approve'],
])('a policy that meets %j refuses, approved or not', (of, why) => {
  test('in memory', () => odd.refused(`fails-${of}`, { case: of }, why))
  test('in the service', () => oddlyRefused(of, why))
})

test('the same policies grant where nothing goes wrong', async () => {
  const t = await oddRulesWorld()
  const asked = await t.ask('odd-works')
  await t.checked(asked.head, 'action_required')
  await t.approve(asked.number, 'carol')
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
  expect(await odd.merged('works', {})).toMatchObject({ state: 'active' })
})
