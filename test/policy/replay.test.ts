import { describe, expect, test } from 'vitest'
import { digestOf } from '../../app/audit/digest.ts'
import type { Json, LedgerEvent } from '../../app/audit/event.ts'
import { decide } from '../../app/decision/decide.ts'
import { decidePolicies } from '../../app/decision/decide-policies.ts'
import { decisionData, policyDecisionData } from '../../app/decision/decision-data.ts'
import type { Facts, PolicyFacts, ProposalFacts } from '../../app/decision/facts.ts'
import { groundsOf } from '../../app/decision/grounds.ts'
import { type ReplayDeps, replayDecision } from '../../app/policy/replay.ts'
import type { ProposedAgain } from '../../app/policy/trial/proposed-again.ts'
import { notPlain } from '../../app/request/plain.ts'
import { readRequest } from '../../app/request/read.ts'
import { open as base, bob, carol, full, request as template } from '../decision/fixture.ts'
import { landed, proposal, tree } from '../decision/proposal.ts'
import { bytesOf, goodFile } from '../request/request-file.ts'
import { exampleEvents } from '../support/event-examples.ts'
import { fine } from '../support/memory/access-world.ts'
import { loadDefaults } from './default-set.ts'
import { alice, ask } from './question.ts'

const set = await loadDefaults()
const question = ask(alice, { provider: 'gcp', role: 'compute-admin', scope: 'projects/example-prod' })
const answer = await set.ask(question)
const { eligibility, approval, hints } = answer
const said: PolicyFacts = { eligibility, approval, hints, groups: [], users: [] }
const read = { ok: true as const, request: question.request }
const facts = (policies: PolicyFacts = said): Facts => ({
  ...base,
  now: question.now,
  policy: { commit: set.commit },
  requests: [{ ...template, id: question.request.id, read, policies }],
})

/** The event and the evidence of the decision on these facts. */
const recorded = (of: Facts = facts(), change: Readonly<Record<string, Json>> = {}) => {
  const [example] = exampleEvents('request.evaluated')
  const decision = decide(of)
  const [verdict] = decision.requests
  const [own] = of.requests
  const grounds = groundsOf({ facts: of })
  if (verdict === undefined || own === undefined) throw new Error('no decision')
  const data = decisionData(decision, verdict, own, grounds.digest)
  const event: LedgerEvent = { ...example, request: own.id, data: { ...data, ...change } }
  const evidence = new Map([...answer.evidence, grounds].map(({ digest, bytes }) => [digest, bytes]))
  return { event, evidence, grounds: grounds.digest, verdict }
}
/** What is as the facts in decision/proposal.ts say. */
const seen: ProposedAgain = {
  tree,
  mergedTree: tree,
  odd: [],
  changed: proposal.changed,
  compiles: fine.compiles,
  tests: fine.tests,
  missing: [],
  notes: [],
}
const deps = (evidence: ReadonlyMap<string, Uint8Array>, more: Partial<ReplayDeps> = {}): ReplayDeps => ({
  evidence: async (digest) => evidence.get(digest),
  policies: async () => ({ set, notes: [] }),
  request: async () => read,
  proposed: async () => seen,
  ...more,
})
const input = answer.eligibility[0]?.digests.input ?? ''
const abouts = async (...given: Parameters<typeof replayDecision>) =>
  (await replayDecision(...given)).differences.map(({ about }) => about)

test('a recorded decision comes out the same at any later time', async () => {
  const { event, evidence } = recorded()
  expect(await replayDecision(deps(evidence), event)).toEqual({ differences: [], missing: [], notes: [] })
})

test('a start that an earlier release kept is no difference', async () => {
  const bytes = bytesOf(goodFile.replace('2026-12-01T08:00:00Z', '1970-01-01T00:00:00Z'))
  const request: ReplayDeps['request'] = async (_, path, starts) => {
    const again = readRequest(bytes, path, starts)
    return again.ok ? { ok: true, request: again.request } : { ok: false, faults: again.faults }
  }
  const kept = await request('', template.path, 'any')
  if ('missing' in kept || !kept.ok) throw new Error('not read')
  const of = facts()
  const { event, evidence } = recorded({
    ...of,
    requests: of.requests.map((one) => ({ ...one, read: kept })),
  })
  expect(await abouts(deps(evidence, { request }), event)).not.toContain('request')

  const denied = await request('', template.path)
  if ('missing' in denied || denied.ok) throw new Error('read')
  const later = recorded({ ...of, requests: of.requests.map((one) => ({ ...one, read: denied })) })
  expect(await abouts(deps(later.evidence, { request }), later.event)).not.toContain('request')
})

test.each(['100755', '160000'])(
  'what is no plain file, of mode %s, was not read, and is not read again',
  async (mode) => {
    const of = facts()
    const changes = of.changes.map((one) => ({ ...one, mode }))
    const requests = of.requests.map(({ policies: _, ...one }) => ({
      ...one,
      read: notPlain(one.path, mode),
    }))
    const { event, evidence } = recorded({ ...of, changes, requests })
    for (const request of [async () => read, async () => ({ missing: 'it is no blob' })])
      expect(await replayDecision(deps(evidence, { request }), event)).toEqual({
        differences: [],
        missing: [],
        notes: [],
      })
  },
)

test('an answer that was forged differs, and so does what followed from it', async () => {
  const [first, ...rest] = said.eligibility
  if (first?.outcome.kind !== 'value') throw new Error('no first outcome')
  const outcome = { ...first.outcome, deny: ['because I say so'] }
  const { event, evidence } = recorded(facts({ ...said, eligibility: [{ ...first, outcome }, ...rest] }))
  const { differences } = await replayDecision(deps(evidence), event)
  expect(differences).toContainEqual(
    expect.objectContaining({
      about: 'outcome',
      policy: first.policy,
      recorded: expect.stringContaining('I say'),
    }),
  )
  expect(differences.map(({ about }) => about)).toEqual(expect.arrayContaining(['summary', 'result']))
})

test.each<readonly [string, readonly string[]]>([
  ['result', ['result']],
  ['policy_commit', ['policy_commit']],
  ['blob', ['blob']],
  ['verdict', ['verdict']],
])('an event that says another %s differs there', async (field, expected) => {
  const { event, evidence } = recorded(facts(), { [field]: 'f'.repeat(40) })
  expect(await abouts(deps(evidence), event)).toEqual(expected)
})

test('an event says what was asked for; an earlier one, which does not, comes out the same', async () => {
  const { event, evidence } = recorded()
  const { requester, provider, role, scope, reason } = question.request
  expect(event.data.asked).toEqual({ requester, provider, role, scope, reason })
  const { asked: _, ...data } = event.data
  expect(await abouts(deps(evidence), { ...event, data })).toEqual([])
  const other = { ...event, data: { ...data, asked: { requester: 'mallory' } } }
  expect(await abouts(deps(evidence), other)).toEqual(['asked'])
})

const role = {
  provider: 'gcp' as const,
  role: 'compute-admin',
  cloudRole: 'roles/compute.admin',
  scopes: ['projects/example-prod'],
  maxDurationSeconds: 86_400,
}

describe('the words of another release', () => {
  const requester = { person: { id: 1, login: 'alice' }, principals: [] }
  const of = { ...facts(), requests: facts().requests.map((one) => ({ ...one, requester, role })) }
  const { event, evidence, verdict } = recorded(of)
  const ours = 'in policies/data/identities.yaml add `gcp: [NAME]` to the principals of alice'
  /** The same decision, recorded by a release that said this instead. */
  const saying = (words: string, change: Readonly<Record<string, Json>> = {}): LedgerEvent => {
    const said = JSON.stringify(verdict).replaceAll(ours, words)
    return { ...event, data: { ...event.data, result: digestOf(JSON.parse(said)), ...change } }
  }

  test('those of an earlier one are known', async () => {
    expect(verdict.hints).toContain(ours)
    expect(await replayDecision(deps(evidence), saying('add one to the entry of alice'))).toEqual({
      differences: [],
      reworded: true,
      missing: [],
      notes: [],
    })
  })

  test('those of one that did not list who may not approve are known, and nothing hangs on that list', async () => {
    const asked = approval.flatMap(({ outcome }) =>
      outcome.kind === 'value' ? [outcome.approverGroup ?? [], outcome.required ?? []].flat() : [],
    )
    const names = asked.flatMap((one) => (typeof one === 'string' ? one : 'group' in one ? one.group : []))
    const groups = names.map((name) => ({ name, members: [bob, carol] }))
    const wrote: Facts = {
      ...facts({ ...said, groups }),
      contributors: [{ as: 'author', person: bob }],
    }
    const now = recorded(wrote)
    expect(now.verdict.requirements).toContainEqual(
      expect.objectContaining({ eligible: [carol], barred: [bob] }),
    )
    const requirements = now.verdict.requirements.map(({ barred: _, ...one }) => one)
    const result = digestOf({ ...now.verdict, requirements })
    const earlier = (change: Readonly<Record<string, Json>> = {}): LedgerEvent => ({
      ...now.event,
      data: { ...now.event.data, result, ...change },
    })
    expect(await replayDecision(deps(now.evidence), earlier())).toEqual({
      differences: [],
      reworded: true,
      missing: [],
      notes: [],
    })
    expect(await abouts(deps(now.evidence), earlier({ verdict: 'passed' }))).toContain('verdict')
  })

  test('others differ, and it is said what a digest does not tell', async () => {
    const { differences, notes, reworded } = await replayDecision(deps(evidence), saying('ask mallory'))
    expect(differences.map(({ about }) => about)).toEqual(['result'])
    expect(notes).toEqual([expect.stringContaining('does not tell a changed rule from a changed word')])
    expect(reworded).toBeUndefined()
  })

  test.each<readonly [string, Json]>([
    ['verdict', 'passed'],
    ['approved_by', [{ id: 2, login: 'bob' }]],
    ['terms', null],
    ['summary', 'as mallory wished'],
  ])('nothing else may differ along: %s', async (field, value) => {
    const other = saying('add one to the entry of alice', { [field]: value })
    const { differences, reworded, notes } = await replayDecision(deps(evidence), other)
    expect(differences.map(({ about }) => about).sort()).toEqual([field, 'result'].sort())
    expect(reworded).toBeUndefined()
    expect(notes).toHaveLength(field === 'summary' ? 1 : 0)
  })
})

test('what its cloud said of its limits is taken as recorded; of an earlier one, nothing', async () => {
  const of = facts()
  const requests = of.requests.map((one) => ({
    ...one,
    requester: { person: { id: 1, login: 'alice' }, principals: [], principal: 'alice@example.com' },
    role,
  }))
  const summaries = await Promise.all(
    [{}, { limits: [] }, { limits: [full] }].map(async (said) => {
      const { event, evidence } = recorded({ ...of, requests: requests.map((one) => ({ ...one, ...said })) })
      expect(await replayDecision(deps(evidence), event)).toEqual({ differences: [], missing: [], notes: [] })
      return event.data.summary
    }),
  )
  expect(summaries).toEqual([summaries[0], summaries[0], expect.stringMatching(/^it is full;/)])
  expect(summaries[0]).not.toContain('it is full')
})

test('altered inputs, facts, files in Git and policies are each named', async () => {
  const { event, evidence, grounds } = recorded()
  const text = Buffer.from(evidence.get(input) ?? []).toString('utf8')
  for (const bytes of [text.replace('compute-admin', 'compute-owner'), 'no JSON', '{}', '', 'null']) {
    const altered = new Map(evidence).set(input, Buffer.from(bytes))
    const { differences } = await replayDecision(deps(altered), event)
    expect(differences.filter(({ about }) => about === 'input').map(({ recorded: was }) => was)).toContain(
      input,
    )
    expect(differences.map(({ about }) => about)).not.toContain('outcome')
  }

  const other = new Map(evidence).set(grounds, Buffer.from('{}'))
  expect(await abouts(deps(other), event)).toEqual(['facts'])

  const file = { ...read, request: { ...read.request, durationSeconds: 1 } }
  expect(await abouts(deps(evidence, { request: async () => file }), event)).toEqual(['request'])

  const fewer = { ...set, loaded: set.loaded.slice(1) }
  const gone = await replayDecision(
    deps(evidence, { policies: async () => ({ set: fewer, notes: [] }) }),
    event,
  )
  expect(gone.differences).toMatchObject([
    { about: 'policy', recorded: 'asked', found: 'not at this commit' },
  ])
  const loaded = set.loaded.map((one) => ({ ...one, compiled: { ...one.compiled, digest: '0'.repeat(64) } }))
  const compiled = { ...set, loaded }
  expect(
    await abouts(deps(evidence, { policies: async () => ({ set: compiled, notes: [] }) }), event),
  ).toContain('wasm')
})

test('what is missing is named, and nothing is said to be the same without it', async () => {
  const { event, evidence, grounds } = recorded()
  const without = (digest: string) => new Map([...evidence].filter(([one]) => one !== digest))
  const missing = async (...given: Parameters<typeof replayDecision>) =>
    (await replayDecision(...given)).missing
  expect(await missing(deps(without(grounds)), event)).toEqual([expect.stringContaining(grounds)])
  expect(await missing(deps(without(input)), event)).toContainEqual(expect.stringContaining(input))
  const nowhere = { missing: 'not in the clone' }
  expect(await missing(deps(evidence, { policies: async () => nowhere }), event)).toEqual([
    'not in the clone',
  ])
  expect(await missing(deps(evidence, { request: async () => nowhere }), event)).toEqual(['not in the clone'])
  const { facts: _, ...data } = event.data
  expect(await missing(deps(evidence), { ...event, data })).toHaveLength(1)
})

test('a time-out was no answer, and is not asked again', async () => {
  const [first, ...rest] = said.eligibility
  if (first === undefined) throw new Error('no first result')
  const hung = { ...first, outcome: { kind: 'trouble', why: 'it did not finish within 250 ms' } as const }
  const { event, evidence } = recorded(facts({ ...said, eligibility: [hung, ...rest] }))
  expect(await replayDecision(deps(evidence), event)).toMatchObject({
    differences: [],
    notes: [expect.stringContaining(first.policy)],
  })
})

describe('policies', () => {
  const refused: Facts = { ...landed, reviews: [] }
  /** The event of the decision on policies on these facts, which says it is of this type. */
  const recordedPolicies = (
    type: 'policy.accepted' | 'policy.refused',
    of: Facts,
    proposed: ProposalFacts = proposal,
  ) => {
    const [example] = exampleEvents(type)
    const decision = decidePolicies(of, proposed)
    const grounds = groundsOf({ facts: of, proposal: proposed })
    if (decision.policies === undefined) throw new Error('no decision on policies')
    const data = policyDecisionData(decision, decision.policies, grounds.digest)
    return {
      event: { ...example, data } as LedgerEvent,
      evidence: new Map([[grounds.digest, grounds.bytes]]),
      grounds: grounds.digest,
    }
  }

  test.each([
    ['policy.accepted', landed],
    ['policy.refused', refused],
  ] as const)('%s comes out the same, and whom it lets in is not asked again', async (type, of) => {
    const { event, evidence } = recordedPolicies(type, of)
    const unasked = async () => {
      throw new Error('asked')
    }
    expect(await replayDecision(deps(evidence, { policies: unasked, request: unasked }), event)).toEqual({
      differences: [],
      missing: [],
      notes: [
        'what the branch held before it is taken as recorded',
        'whom it would let in or keep out is taken as recorded',
      ],
    })
  })

  test.each<readonly [string, Partial<ProposedAgain>, readonly string[]]>([
    ['another tree', { tree: 'f'.repeat(40) }, ['tree']],
    ['another tree in the merge', { mergedTree: null }, ['merged_tree']],
    ['what is no plain file', { odd: [{ path: 'policies/x.rego', mode: '120000' }] }, ['modes']],
    ['other files that changed', { changed: ['policies/roles.rego'] }, ['changed']],
    [
      'policies that do not compile',
      { compiles: { ok: false, faults: [] }, tests: fine.tests },
      ['compiles', 'type', 'why', 'result'],
    ],
    [
      'tests that fail',
      { tests: { passed: 0, failed: [{ path: 'policies/x_test.rego', name: 'test_x' }] } },
      ['tests', 'type', 'why', 'result'],
    ],
  ])('a proposal with %s differs there', async (_, change, expected) => {
    const { event, evidence } = recordedPolicies('policy.accepted', landed)
    const proposed = async () => ({ ...seen, ...change })
    expect(await abouts(deps(evidence, { proposed }), event)).toEqual(expected)
  })

  test('what Git or a compiler lacks is named; what else follows is compared all the same', async () => {
    const { event, evidence } = recordedPolicies('policy.accepted', landed)
    const nowhere = async () => ({ missing: 'not in the clone' })
    expect(await replayDecision(deps(evidence, { proposed: nowhere }), event)).toMatchObject({
      differences: [],
      missing: ['not in the clone'],
    })
    const { compiles: _, tests: __, ...rest } = seen
    const uncompiled = async () => ({ ...rest, missing: ['no opa'] })
    expect(await replayDecision(deps(evidence, { proposed: uncompiled }), event)).toMatchObject({
      differences: [],
      missing: ['no opa'],
    })
    const other = { ...event, data: { ...event.data, tree: 'f' } }
    expect(await abouts(deps(evidence, { proposed: nowhere }), other)).toEqual(['tree'])
  })

  test('tests that a service without opa did not run are no difference to a machine that has it', async () => {
    const notRun = { ...fine, tests: { passed: 0, failed: [], notRun: true } as const }
    const { event, evidence } = recordedPolicies('policy.accepted', landed, { ...proposal, trial: notRun })
    expect(await abouts(deps(evidence), event)).toEqual([])
  })

  test('that it could not compile or test them is what a service without opa found, and is taken as recorded', async () => {
    const fault = { path: 'policies/x_test.rego', line: 1, column: 1, message: 'is wrong' }
    const faults = [
      { ...fault, code: 'mode' },
      { ...fault, code: 'compiler_missing' },
    ]
    const trial = { ...fine, compiles: { ok: false, faults } as const }
    const { event, evidence } = recordedPolicies('policy.refused', landed, { ...proposal, trial })
    const { compiles: _, tests: __, ...rest } = seen
    const proposed: ReplayDeps['proposed'] = async (_, tried) => (tried ? seen : rest)
    expect(await replayDecision(deps(evidence, { proposed }), event)).toMatchObject({
      differences: [],
      missing: [],
      notes: expect.arrayContaining([expect.stringContaining('taken as recorded, by a service without opa')]),
    })
  })

  test('what was never tried is not tried now', async () => {
    const untried: ProposalFacts = { ...proposal, trial: { missing: 'a fork', lasting: true } }
    const { event, evidence } = recordedPolicies('policy.refused', landed, untried)
    const asked: boolean[] = []
    const proposed: ReplayDeps['proposed'] = async (_, tried) => {
      asked.push(tried)
      return { tree: seen.tree, mergedTree: tree, odd: [], changed: seen.changed, missing: [], notes: [] }
    }
    expect(await abouts(deps(evidence, { proposed }), event)).toEqual([])
    expect(asked).toEqual([false])
  })

  test.each([
    ['policy.accepted', refused],
    ['policy.refused', landed],
  ] as const)('%s over a decision that says the opposite differs', async (type, of) => {
    const { event, evidence } = recordedPolicies(type, of)
    expect(await abouts(deps(evidence), event)).toEqual(['type'])
  })

  test.each([
    ['previous', ['previous']],
    ['tree', ['tree']],
    ['why', ['why']],
    ['approved_by', ['approved_by']],
    ['result', ['result']],
    ['changed', ['changed']],
  ] as const)('one that says another %s differs there', async (field, expected) => {
    const { event, evidence } = recordedPolicies('policy.accepted', landed)
    const other = {
      ...event,
      data: { ...event.data, [field]: field === 'changed' ? ['policies/x.rego'] : 'f' },
    }
    expect(await abouts(deps(evidence), other)).toEqual(expected)
  })

  test('facts that are altered, gone or without the proposal are named', async () => {
    const { event, evidence, grounds } = recordedPolicies('policy.accepted', landed)
    expect(await abouts(deps(new Map(evidence).set(grounds, Buffer.from('{}'))), event)).toEqual(['facts'])
    expect(await replayDecision(deps(new Map()), event)).toMatchObject({
      missing: [expect.stringContaining(grounds)],
    })
    const bare = groundsOf({ facts: landed })
    const named = { ...event, data: { ...event.data, facts: bare.digest } }
    expect(await abouts(deps(new Map([[bare.digest, bare.bytes]])), named)).toEqual(['request'])
  })
})

test('an approval of what was denied differs', async () => {
  const { event, evidence } = recorded()
  expect(decide(facts()).verdict).toBe('denied')
  expect(await abouts(deps(evidence), { ...event, type: 'request.denied' })).toEqual([])
  expect((await replayDecision(deps(evidence), { ...event, type: 'request.approved' })).differences).toEqual([
    { about: 'type', recorded: 'request.approved', found: 'request.denied' },
  ])
})
