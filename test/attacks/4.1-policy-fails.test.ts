// The attack: bring a policy that would refuse to fail, so that its silence is taken for consent: a request that
// makes two of its rules contradict each other, answer with another type, or eat all memory. It might have denied, so
// it refuses (trust.md 4.1). Played against the reconcilers in memory with the real evaluator, because the access
// repository can have no such policies where there is no Rego compiler: these are committed as wasm.
import { afterAll, expect, test } from 'vitest'
import { oddPolicyWorld } from './support/odd-policies.ts'

const odd = oddPolicyWorld()
afterAll(() => odd.close())

test.each([
  ['conflict', 'policy may-ask'],
  ['type', '`allow` is a string'],
  ['memory', 'it needs more than 64 MiB of memory'],
  ['two', 'policy must-approve'],
])('a policy that meets %j refuses, approved or not', async (of, why) => {
  await odd.refused(`fails-${of}`, { case: of }, why.replaceAll('`', ''))
})

test('the same policies grant where nothing goes wrong', async () => {
  expect(await odd.merged('works', {})).toMatchObject({ state: 'active' })
})
