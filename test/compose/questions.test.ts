import { afterAll, expect, test } from 'vitest'
import { questions } from '../../app/compose/questions.ts'
import { readFolder } from '../../app/policy/folder.ts'
import { createPolicyLoader } from '../../app/policy/load.ts'
import { createPackaged } from '../../app/policy/packaged.ts'
import type { LoadedPolicySet } from '../../app/policy/policy-set.ts'
import { createEvaluatorPool } from '../../app/policy/pool.ts'
import { alice, ask } from '../policy/question.ts'
import { accessWorld } from '../support/memory/access-world.ts'

const pools = [createEvaluatorPool(), createEvaluatorPool()] as const
afterAll(() => Promise.all(pools.map((pool) => pool.close())))

test('what people ask keeps no verdict waiting, however many they are and however long it takes', async () => {
  const [ofVerdicts, ofPeople] = pools
  const load = createPolicyLoader({ pool: ofVerdicts, packaged: createPackaged() })
  const set = (await load('c0ffee', readFolder('.'))) as LoadedPolicySet
  await set.ask(ask(alice))
  const { deps } = accessWorld()
  const evaluate = questions(deps, async () => set, ofPeople)
  const heavy = {
    active_grants: Array.from({ length: 10_000 }, () => ({ role: 'db-read', state: 'active' })),
  }
  const asked = Array.from({ length: 4 }, () =>
    evaluate({ repository: 1, type: 'eligibility', input: { user: { login: 'alice' }, context: heavy } }),
  )
  await asked[0]
  const answered = Promise.all(asked).then(() => 'questions')
  expect(await Promise.race([set.ask(ask(alice)).then(() => 'verdict'), answered])).toBe('verdict')
  expect(await answered).toBe('questions')
})
