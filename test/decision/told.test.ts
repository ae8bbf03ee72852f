import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import type { Decision, RuleNode } from '../../app/decision/decision.ts'
import type { Facts, RequestFacts } from '../../app/decision/facts.ts'
import {
  access,
  alice,
  approval,
  bob,
  carol,
  dave,
  eligibility,
  failing,
  group,
  hour,
  mallory,
  merged,
  minute,
  now,
  open,
  type Patch,
  patched,
  path,
  policies,
  request,
  review,
  unheard,
  users,
} from './fixture.ts'

const day = 24 * hour
const of = (patch: Patch, base: Facts = open): Facts => patched(base, patch)
const start: Facts = { ...merged, moment: 'start' }
const at = (name: string) => `requests/2026/12/${name}.yaml`
const added = (name: string) => ({ path: at(name), kind: 'added' as const, mode: '100644' })
/** Two requests, of which the second is as told. */
const two = (more: Partial<RequestFacts>, base: Facts = open): Facts => {
  const [first = request] = base.requests
  const second = { ...first, id: 'req_second' as const, path: at('second'), ...more }
  const reviews = base.reviews.map((one) => ({
    ...one,
    blobs: { ...one.blobs, [at('second')]: request.blob },
  }))
  return { ...base, reviews, changes: [...base.changes, added('second')], requests: [second, first] }
}
const fault = (line: number) => ({
  file: path,
  line,
  column: 1,
  code: 'value' as const,
  message: `fault ${line}`,
  remedy: `mend ${line}`,
})
const role = { ...request.role, scopes: [access.scope] } as Extract<RequestFacts['role'], { role: string }>
const strict = { ...policies, approval: [approval('production', { required: [group('security')] })] }
const auto = { ...policies, approval: [approval('low', { tier: 'auto' })] }
const crowd = Array.from({ length: 25 }, (_, id) => ({ id: 100 + id, login: `member-${id}` }))
const changes = (...more: Facts['changes']): Facts => of({ facts: { changes: [...open.changes, ...more] } })
const bare = (...list: Facts['changes']): Facts => of({ facts: { changes: list, requests: [], reviews: [] } })

const idle = bare({ path: 'README.md', kind: 'changed', mode: '100644' })

/** Facts. What is decided on them, rule for rule and word for word, is in `told.json`. */
const cases: Readonly<Record<string, Facts>> = {
  approved: open,
  'approved and merged': merged,
  'approved, and its start has come': start,
  'nothing of ours': idle,
  'nothing of ours, into another branch': { ...idle, pull: { ...open.pull, base: 'other' } },
  'nothing of ours, and trouble': { ...idle, troubles: ['b is away', 'a is away', 'b is away'] },
  'only deletions': bare({ path: at('old'), kind: 'deleted' }, { path: at('older'), kind: 'deleted' }),
  'many deletions': bare(
    ...Array.from({ length: 7 }, (_, n) => ({ path: at(`old-${n}`), kind: 'deleted' as const })),
  ),
  'a changed request': bare({ path: at('old'), kind: 'changed', mode: '100644' }),
  policies: bare({ path: 'policies/x.rego', kind: 'changed', mode: '100644' }),
  'a request and policies': changes({ path: 'policies/x.rego', kind: 'added', mode: '100644' }),
  'a request and something else': changes({ path: 'README.md', kind: 'changed', mode: '100644' }),
  'a request and a deletion': changes({ path: at('old'), kind: 'deleted' }),
  'a request and a change of another': changes({ path: at('old'), kind: 'changed', mode: '100644' }),
  'a folder that some file systems take for ours': changes({
    path: 'Requests/x',
    kind: 'added',
    mode: '100644',
  }),
  'one that goes': changes({ path: 'Requests/x', kind: 'deleted' }),
  'another for policies': changes({ path: 'POLICIES/x', kind: 'changed', mode: '100644' }),
  'a symbolic link': of({ facts: { changes: [{ path, kind: 'added', mode: '120000' }] } }),
  'a file of no known mode': of({ facts: { changes: [{ path, kind: 'added' }] } }),
  'a path that is not canonical': changes({ path: 'requests/x.yaml', kind: 'added', mode: '100644' }),
  'a file that nothing is known of': changes(added('other')),
  'a request that nothing brought': of({ facts: { changes: [] } }),
  'a request told of twice': { ...open, requests: [request, request] },
  'two of one path': {
    ...open,
    requests: [
      { ...request, id: 'req_b' },
      { ...request, id: 'req_a' },
    ],
  },
  'two of one id': two({ id: request.id }),
  'a file both new and gone': changes({ path, kind: 'deleted' }),
  'into another branch': of({ pull: { base: 'other' } }),
  'from a fork': of({ pull: { fromFork: true } }),
  'by a bot': of({ pull: { authorIsUser: false } }),
  'a draft': of({ pull: { draft: true } }),
  'a draft, merged': of({ pull: { draft: true } }, merged),
  closed: of({ pull: { state: 'closed' } }),
  'one other shares its head': of({ pull: { sharing: [8] } }),
  'two others share its head': of({ pull: { sharing: [9, 8] } }),
  'shared, and merged': of({ pull: { sharing: [8] } }, merged),
  'merged before it was forecast': of({ pull: { merged: { at: now, commit: 'm', onBranch: true } } }),
  'no merge to be told of': { ...merged, pull: open.pull },
  'a merge that is not on the branch': of(
    { pull: { merged: { at: now, commit: 'm', onBranch: false } } },
    merged,
  ),
  'at the end of the window': of(
    { pull: { merged: { at: now - hour, commit: 'm', onBranch: true } } },
    merged,
  ),
  'after the window': of(
    { pull: { merged: { at: now - hour - 1000, commit: 'm', onBranch: true } } },
    merged,
  ),
  'after the window, and trouble': of(
    {
      pull: { merged: { at: now - 2 * hour, commit: 'm', onBranch: true } },
      facts: { troubles: ['GitHub is away'] },
    },
    merged,
  ),
  'a merge at no time': of({ pull: { merged: { at: Number.NaN, commit: 'm', onBranch: true } } }, merged),
  trouble: of({ facts: { troubles: ['GitHub is away'] } }),
  'trouble and a refusal': of({ facts: { troubles: ['GitHub is away'] }, request: { usedUp: true } }),
  'trouble and a refusal, merged': of(
    { facts: { troubles: ['GitHub is away'] }, request: { usedUp: true } },
    merged,
  ),
  'no accepted policies': of({ facts: { policy: { missing: 'nothing is accepted' } } }),
  'policies that were not asked': of({ without: ['policies'] }),
  'policies that were not asked of a used path': of({ without: ['policies'], request: { usedUp: true } }),
  'a used path': of({ request: { usedUp: true } }),
  'a file with a fault': of({ request: { read: { ok: false, faults: [fault(3)] } } }),
  'a file with two faults': of({ request: { read: { ok: false, faults: [fault(3), fault(4)] } } }),
  'a file that cannot be read': of({ request: { read: { ok: false, faults: [] } } }),
  'other bytes merged': of({ request: { mergedBlob: 'other' } }, merged),
  'nothing merged': of({ request: { mergedBlob: null } }, merged),
  'a merge that could not be read': of({ without: ['mergedBlob'] }, merged),
  'other bytes on the branch': of({ request: { branchBlob: 'other' } }, merged),
  'gone from the branch': of({ request: { branchBlob: null } }, merged),
  'a branch that could not be read': of({ without: ['branchBlob'] }, merged),
  'a requester who was not looked up': of({ without: ['requester'] }),
  'a requester nobody knows': of({ request: { requester: { unknown: 'nobody', remedy: 'add them' } } }),
  'a requester without a principal': of({ request: { requester: { person: alice, principals: [] } } }),
  'a requester with an empty principal': of({
    request: { requester: { person: alice, principals: [], principal: '' } },
  }),
  'a role that was not looked up': of({ without: ['role'] }),
  'a role nobody knows': of({ request: { role: { unknown: 'no such role', remedy: 'take another' } } }),
  'another role': of({ request: { role: { ...role, role: 'other' } } }),
  'a role of another cloud': of({ request: { role: { ...role, provider: 'gcp' } } }),
  'a scope of another role': of({ request: { role: { ...role, scopes: ['one', 'two'] } } }),
  'one of many scopes': of({
    request: { role: { ...role, scopes: Array.from({ length: 12 }, (_, n) => `scope-${n}`) } },
  }),
  'a role without scopes': of({ request: { role: { ...role, scopes: [] } } }),
  'too long': of({ access: { durationSeconds: 14_401 } }),
  'as long as may be': of({ access: { durationSeconds: 14_400 } }),
  'for no time': of({ access: { durationSeconds: 0 } }),
  'break-glass': of({ access: { breakGlass: true } }),
  'out of reach by its cloud': of({ repository: { providers: ['gcp'] } }),
  'out of reach by its scope': of({ repository: { scopes: ['other'] } }),
  'within reach by its scope': of({ repository: { scopes: [access.scope] } }),
  'a later start': of({ access: { startsAt: now + day } }),
  'a start now': of({ access: { startsAt: now } }),
  'a start that is over': of({ access: { startsAt: now - day } }),
  'a start as far ahead as may be': of({ access: { startsAt: now + 14 * day } }),
  'a start too far ahead': of({ access: { startsAt: now + 14 * day + 1000 } }),
  'a start at no time': of({ access: { startsAt: Number.POSITIVE_INFINITY } }),
  'a start that has not come': of({ access: { startsAt: now + minute } }, start),
  'a start this moment': of({ access: { startsAt: now } }, start),
  'a start that was missed': of({ access: { startsAt: now - hour - 1000 } }, start),
  'two that pass': two({}),
  'two, of which one is used up': two({ usedUp: true }),
  'two, of which one is used up, merged': two({ usedUp: true }, merged),
  'two, of which one is used up, at a start': two({ usedUp: true }, start),
  'two, of which one waits': two({ policies: strict }),
  'two, of which one is in trouble': two({
    policies: { ...policies, eligibility: [failing(eligibility('a'), 'trouble')] },
  }),
  'two, of which one could not be read, merged': two({ mergedBlob: undefined } as never, merged),
  'no policy': of({ policies: { eligibility: [] } }),
  'policies that allow, deny, fail and are silent': of({
    policies: {
      eligibility: [
        eligibility('d', { allow: false, reason: '' }),
        eligibility('c', { deny: ['two', 'one'] }),
        failing(eligibility('b'), 'error'),
        eligibility('a', { reason: '' }),
      ],
    },
  }),
  'policies that are silent': of({
    policies: {
      eligibility: [
        eligibility('b', { allow: false, reason: '' }),
        eligibility('a', { allow: false, reason: 'tier 1' }),
      ],
      hints: ['30m would pass'],
    },
  }),
  'policies without a word': of({
    policies: { eligibility: [eligibility('a', { allow: false, reason: '' })] },
  }),
  'a policy in trouble': of({ policies: { eligibility: [failing(eligibility('a'), 'trouble')] } }),
  'on behalf of': of({ pull: { author: dave } }),
  'on behalf of, by a policy that does not allow': of({
    pull: { author: dave },
    policies: { eligibility: [eligibility('a'), eligibility('b', { allow: false, allowOnBehalfOf: true })] },
  }),
  'on behalf of, allowed': of({
    pull: { author: dave },
    policies: { eligibility: [eligibility('b'), eligibility('a', { allowOnBehalfOf: true })] },
  }),
  'no approval policy': of({ policies: { approval: [] } }),
  'an approval policy that does not apply': of({
    policies: { approval: [approval('a', { applies: false })] },
  }),
  'approval policies that refuse': of({
    policies: {
      approval: [
        approval('a', { deny: ['b', 'a'] }),
        approval('b', { tier: 'odd' }),
        approval('c', { required: [] }),
        approval('d', { required: [group('sre', 0)] }),
        approval('e', { required: [group('ghosts')] }),
        approval('f', { required: [group('nobody')] }),
        approval('g', { required: [group('unheard-of')] }),
        approval('h', { required: [users('ghost')] }),
        approval('i', { required: [users()] }),
        failing(approval('j'), 'error'),
        failing(approval('k'), 'trouble'),
      ],
    },
  }),
  'no approval needed': of({ facts: { reviews: [] }, request: { policies: auto } }),
  'two policies, one of which needs people': of({
    policies: { approval: [approval('a', { tier: 'auto' }), approval('b', { required: [group('sre', 2)] })] },
  }),
  'two groups and somebody by name': of({
    policies: {
      approval: [
        approval('a', {
          required: [
            { group: 'sre', count: 1, reason: 'production' },
            { users: ['dave', 'carol'], count: 1, reason: '' },
          ],
        }),
      ],
    },
    facts: { reviews: [review(bob), review(carol)] },
  }),
  'a crowd': of({
    policies: { groups: [{ name: 'sre', team: 'acme/sre', members: crowd }] },
    facts: { reviews: [] },
  }),
  'whoever the policy allows': of({
    policies: {
      approval: [
        approval('a', {}, [
          {
            reviewerId: 3,
            digests: { input: '', wasm: '', data: '' },
            outcome: { kind: 'value', allow: true },
          },
          {
            reviewerId: 2,
            login: 'bob',
            digests: { input: '', wasm: '', data: '' },
            outcome: { kind: 'value', allow: true },
          },
          {
            reviewerId: 4,
            digests: { input: '', wasm: '', data: '' },
            outcome: { kind: 'value', allow: false },
          },
        ]),
      ],
    },
  }),
  'a policy that fails for one reviewer': of({
    policies: {
      approval: [
        approval('a', {}, [
          {
            reviewerId: 3,
            digests: { input: '', wasm: '', data: '' },
            outcome: { kind: 'trouble', why: 'slow' },
          },
        ]),
      ],
    },
  }),
  'more approvals than there are people': of({
    policies: { approval: [approval('a', { required: [group('security', 3)] })] },
  }),
  'nobody yet': of({ facts: { reviews: [] } }),
  'nobody, merged': of({ facts: { reviews: [] } }, merged),
  'reviews of every kind': of({
    facts: {
      reviews: [
        review(alice),
        review(carol, 'changes_requested'),
        review(bob, 'dismissed'),
        review(dave, 'commented'),
        review(mallory, 'approved', { permission: 'read' }),
        { ...review(bob), reviewer: { id: 77, login: 'robot', type: 'Bot' } },
        (({ reviewer: _, ...gone }) => gone)(review(bob)),
      ],
    },
  }),
  'asked for changes, by two': of({
    facts: {
      reviews: [
        review(carol, 'changes_requested', { submittedAt: now - minute }),
        review(bob, 'changes_requested', { submittedAt: now - 2 * minute }),
      ],
    },
  }),
  'asked for changes, and a used path': of({
    facts: { reviews: [review(bob, 'changes_requested')] },
    request: { usedUp: true },
  }),
  'a review that was not heard': of({ facts: { reviews: [unheard(bob)] } }),
  'a refusal that was not heard': of({
    facts: { reviews: [review(carol), unheard(bob, 'changes_requested')] },
  }),
  'a review that says something else': of({
    facts: { reviews: [review(bob, 'approved', { payload: { commit: 'c', state: 'commented' } })] },
  }),
  'other bytes approved': of({
    facts: { reviews: [review(bob, 'approved', { blobs: { [path]: 'other' } })] },
  }),
  'approved before it was opened again': of({ pull: { reviewsFrom: now } }),
  'approved after the merge': of(
    { facts: { reviews: [review(bob, 'approved', { submittedAt: now })] } },
    merged,
  ),
  'an approver who worked on it': of({
    facts: {
      contributors: [
        { as: 'pusher', person: bob },
        { as: 'author', person: bob },
        { as: 'committer', person: carol },
        { as: 'co-author', person: dave },
      ],
    },
  }),
  'an approver with the same principal': of({
    facts: { reviews: [review(bob, 'approved', { principals: ['gcp:bob', 'aws:alice'] })] },
  }),
  'somebody unknown worked on it': of({
    facts: {
      contributors: [
        { as: 'author', unresolved: 'b@x', remedy: 'add b@x' },
        { as: 'committer', unresolved: 'a@x', remedy: 'add a@x' },
        { as: 'committer', unresolved: 'a@x', remedy: 'add a@x' },
      ],
    },
  }),
  'the same, merged': of(
    { facts: { contributors: [{ as: 'author', unresolved: 'b@x', remedy: 'add b@x' }] } },
    merged,
  ),
  'passing with and without what was disabled': of({ request: { policiesToo: policies } }),
  'disabled by hand, and stricter': of({
    request: { policies: auto, policiesToo: { ...strict, hints: ['ask carol'] } },
  }),
  'disabled by hand, and laxer': of({ request: { policies: strict, policiesToo: auto } }),
  'disabled by hand, and denied by somebody': of({
    request: { policies: strict, policiesToo: policies },
    facts: { reviews: [review(bob, 'changes_requested'), review(carol, 'changes_requested')] },
  }),
  'disabled by hand, and refused': of({
    request: { policiesToo: { ...policies, eligibility: [eligibility('a', { deny: ['no'] })] } },
  }),
  'more reasons than are shown': of({
    pull: { base: 'other', fromFork: true, authorIsUser: false },
    request: { usedUp: true },
    access: { breakGlass: true },
  }),
  'words that are too long': of({
    policies: { eligibility: [eligibility('a', { deny: [`${'long '.repeat(250)}end`] })] },
  }),
  'words that cannot be seen': of({
    policies: { eligibility: [eligibility('a', { deny: ['a\u202Eb \n  c'] })] },
  }),
}

const lines = (node: RuleNode, depth: number): readonly string[] => [
  `${'  '.repeat(depth)}${node.outcome} ${[node.rule, node.title, node.needed, node.had, ...(node.remedy === undefined ? [] : [node.remedy])].join(' | ')}`,
  ...node.children.flatMap((child) => lines(child, depth + 1)),
]
const members = (value: object): readonly string[] =>
  Object.entries(value).flatMap(([name, one]) =>
    one === undefined ? [] : [`${name}: ${typeof one === 'string' ? one : JSON.stringify(one)}`],
  )
const whole = ({ tree, requests, ...rest }: Decision): readonly string[] => [
  ...members(rest),
  ...lines(tree, 0),
  ...requests.flatMap(({ tree: own, ...one }) => [...members(one), ...lines(own, 0)]),
]

/** What the decision of the same moment that passes does not say, after how much of what that says is not said. */
const tell = (facts: Facts): readonly string[] => {
  const base = { forecast: open, merge: merged, start }[facts.moment]
  const [was, is] = [whole(decide(base)), whole(decide(facts))]
  if (facts === base) return is
  return [
    `${was.filter((line) => !is.includes(line)).length} less`,
    ...is.filter((line) => !was.includes(line)),
  ]
}

const told = JSON.parse(readFileSync(new URL('./told.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, readonly string[]>
>

describe('what is decided, rule for rule and word for word', () => {
  test.each(Object.entries(cases))('%s', (name, facts) => {
    expect(tell(facts)).toEqual(told[name])
  })
  test('and of no other', () => {
    expect(Object.keys(told)).toEqual(Object.keys(cases))
  })
})
