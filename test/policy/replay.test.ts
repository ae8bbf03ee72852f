import { expect, test } from 'vitest'
import { replayDecision } from '../../app/policy/replay.ts'
import { loadDefaults } from './default-set.ts'
import { alice, ask } from './question.ts'

const set = await loadDefaults()
const compute = { provider: 'gcp', role: 'compute-admin', scope: 'projects/example-prod' } as const
const answer = await set.ask(ask(alice, compute))
const evidence = async (digest: string) => answer.evidence.find((item) => item.digest === digest)?.bytes

test('a recorded decision replays to the same answer at any later time', async () => {
  expect(await replayDecision(set, answer, evidence)).toEqual({ replayed: 6, differences: [] })
})

test('a changed answer, missing evidence, altered evidence and a vanished policy are each named', async () => {
  const [first, ...rest] = answer.eligibility
  if (first?.outcome.kind !== 'value') throw new Error('no first outcome')
  const forged = { ...first, outcome: { ...first.outcome, deny: [] } }
  const recorded = { eligibility: [forged, ...rest], approval: [] }
  const { differences } = await replayDecision(set, recorded, evidence)
  expect(differences).toMatchObject([{ policy: 'business-hours', about: 'outcome' }])

  const only = { eligibility: [first], approval: [] }
  expect((await replayDecision(set, only, async () => undefined)).differences).toMatchObject([
    { about: 'evidence' },
  ])
  const altered = async (digest: string) =>
    Buffer.from(
      Buffer.from((await evidence(digest)) ?? [])
        .toString('utf8')
        .replace('compute-admin', 'compute-owner'),
    )
  expect((await replayDecision(set, only, altered)).differences.map(({ about }) => about)).toEqual([
    'evidence',
    'outcome',
  ])
  const gone = { eligibility: [{ ...first, policy: 'gone' }], approval: [] }
  expect((await replayDecision(set, gone, evidence)).differences).toMatchObject([{ about: 'policy' }])
})

test('a time-out was no answer and is not replayed', async () => {
  const [first] = answer.eligibility
  if (first === undefined) throw new Error('no first result')
  const hung = { ...first, outcome: { kind: 'trouble', why: 'it did not finish within 250 ms' } as const }
  expect(await replayDecision(set, { eligibility: [hung], approval: [] }, evidence)).toEqual({
    replayed: 0,
    differences: [],
  })
})
