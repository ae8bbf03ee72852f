import { expect, test } from 'vitest'
import { evaluationsIn, mostEvaluations } from '../../app/decision/readings.ts'
import { askWhoever } from '../../app/reconcile/observe/whoever.ts'
import type { PolicyAnswer, PolicyQuestion, PolicySet } from '../../app/reconcile/ports/evaluator.ts'
import { loadDefaults } from '../policy/default-set.ts'
import { alice, ask, dave } from '../policy/question.ts'

const defaults = await loadDefaults()
const digests = { input: 'i', wasm: 'w', data: 'd' }
const reviewers = Array.from({ length: 200 }, (_, n) => ({ ...dave, id: 5000 + n, login: `user-${n}` }))
const groups = ['a', 'b'].map((name) => ({ name, team: `acme/${name}`, unknown: `no team acme/${name}` }))

/** A policy that asks for one approval of whom it is asked about: of everybody, or as long as nobody is in group a. */
const counting = (each: (question: PolicyQuestion) => boolean) => {
  const seen = { evaluations: 0 }
  const set: PolicySet = {
    ...defaults,
    ask: async (question) => {
      const answer: PolicyAnswer = {
        eligibility: [],
        approval: [
          {
            policy: 'must',
            digests,
            outcome: { kind: 'value', applies: true, tier: 'human', deny: [] },
            reviewers: each(question)
              ? question.reviewers.map(({ id, login }) => ({
                  reviewerId: id,
                  login,
                  digests,
                  outcome: { kind: 'value', allow: true },
                }))
              : [],
          },
        ],
        hints: [],
        evidence: [],
      }
      seen.evaluations += evaluationsIn(answer)
      return answer
    },
  }
  return { set, seen }
}
const inA = ({ requester }: PolicyQuestion) => requester.groups.includes('a')

test.each<[string, (question: PolicyQuestion) => boolean, number, number]>([
  ['all are asked about', () => true, mostEvaluations, 201],
  ['all are asked about, beside many requests', () => true, 100, 201],
  ['they come to be asked about', inA, 300, 1 + 201 + 1 + 201],
])('%s: it is not asked on and on, and not yet', async (_, each, room, expected) => {
  const { set, seen } = counting(each)
  const question = ask(alice, {}, { author: dave, reviewers })
  const found = await askWhoever(set, question, { without: [], hints: false, room }, { groups, heard: [] })
  expect(found.missing).toEqual(['no team acme/a', 'no team acme/b'])
  expect(seen.evaluations).toBeLessThanOrEqual(expected)
})
