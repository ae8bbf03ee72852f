// What `policy replay` finds in a real clone and a real export, on a machine without opa.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digestOf } from '../../app/audit/digest.ts'
import { exportLine } from '../../app/audit/export-line.ts'
import { replayFrom } from '../../app/compose/replay.ts'
import { decide } from '../../app/decision/decide.ts'
import { decidePolicies } from '../../app/decision/decide-policies.ts'
import { decisionData, policyDecisionData } from '../../app/decision/decision-data.ts'
import type { Facts, PolicyFacts, ProposalFacts } from '../../app/decision/facts.ts'
import { groundsOf } from '../../app/decision/grounds.ts'
import { readFolder } from '../../app/policy/folder.ts'
import type { EvaluationDigests } from '../../app/policy/result.ts'
import { readRequest } from '../../app/request/read.ts'
import { open as base, carol, request as template } from '../decision/fixture.ts'
import { landed, proposal, reviewed } from '../decision/proposal.ts'
import { loadDefaults } from '../policy/default-set.ts'
import { alice, ask } from '../policy/question.ts'
import { bytesOf, goodFile, goodPath as path } from '../request/request-file.ts'
import { exampleEvents } from '../support/event-examples.ts'
import { ledgerLines } from '../support/ledger-lines.ts'
import { fine } from '../support/memory/access-world.ts'

const set = await loadDefaults()
const roles = 'policies/roles.rego'
let dir = ''
let clone = ''
let packaged = ''
let commented = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-replay-'))
  clone = join(dir, 'clone')
  git('init', '--quiet', clone)
  const files = new Map([...readFolder('.'), [path, bytesOf(goodFile)]])
  packaged = commit(files)
  commented = commit(
    files.set(roles, Buffer.concat([files.get(roles) ?? bytesOf(''), bytesOf('# a word more\n')])),
  )
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const git = (...args: readonly string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim()
const commit = (files: ReadonlyMap<string, Uint8Array>) => {
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(clone, name)), { recursive: true })
    writeFileSync(join(clone, name), bytes)
  }
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.com']
  git('-C', clone, 'add', '.')
  git('-C', clone, ...who, 'commit', '--quiet', '--message', 'change')
  return git('-C', clone, 'rev-parse', 'HEAD')
}

/**
 * A decision under the policies of `commit`, recorded in an export; `change` what was recorded of evaluations, `words` the
 * words of whoever decided.
 */
const replay = async (
  policyCommit: string,
  change: (digests: EvaluationDigests) => EvaluationDigests = (digests) => digests,
  words: (said: string) => string = (said) => said,
) => {
  const read = readRequest(bytesOf(goodFile), path)
  if (!read.ok) throw new Error('the request cannot be read')
  const blob = git('-C', clone, 'rev-parse', `HEAD:${path}`)
  const question = ask(alice, read.request)
  const { eligibility, approval, hints, evidence } = await set.ask(question)
  const recorded = <R extends { readonly digests: EvaluationDigests }>(one: R): R => ({
    ...one,
    digests: change(one.digests),
  })
  const policies: PolicyFacts = {
    eligibility: eligibility.map(recorded),
    approval: approval.map(recorded),
    hints,
    groups: [],
    users: [],
  }
  const requester = { person: { id: alice.id, login: 'alice' }, principals: [] }
  const own = {
    ...template,
    path,
    blob,
    requester,
    read: { ok: true, request: read.request } as const,
    policies,
  }
  const facts: Facts = { ...base, now: question.now, policy: { commit: policyCommit }, requests: [own] }
  const grounds = groundsOf({ facts })
  const decision = decide(facts)
  const [verdict] = decision.requests
  if (verdict === undefined) throw new Error('no decision')
  const [example] = exampleEvents('request.evaluated')
  const { sig } = example.data
  const result = digestOf(JSON.parse(words(JSON.stringify(verdict))))
  const data = { ...decisionData(decision, verdict, own, grounds.digest), result, ...(sig && { sig }) }
  const [header, event] = ledgerLines('acme', [{ ...example, request: own.id, data }])
  if (header === undefined || event === undefined) throw new Error('no lines')
  const evidenceLines = [...evidence, grounds].map(({ digest, bytes }) => ({
    kind: 'evidence' as const,
    digest,
    bytes: Buffer.from(bytes).toString('utf8'),
  }))
  const file = join(dir, 'export.jsonl')
  writeFileSync(file, [header, ...evidenceLines, event].map((line) => `${exportLine(line)}\n`).join(''))
  const [found] = await replayFrom({ export: file, repository: clone }, { seq: 1 }, {})
  return found
}

/** The decision on policies proposed by `head` and merged by `merge`, recorded in an export. */
const replayProposal = async (
  { head, merge }: { readonly head: string; readonly merge: string },
  change: Partial<ProposalFacts> = {},
) => {
  const tree = git('-C', clone, 'rev-parse', `${merge}:policies`)
  const changed = git('-C', clone, 'diff', '--name-only', packaged, merge, '--', 'policies').split('\n')
  const proposed: ProposalFacts = {
    ...proposal,
    ...{ tree, mergedTree: tree, accepted: packaged, changed },
    trial: { ...fine, tests: { passed: 0, failed: [], notRun: true } },
    ...change,
  }
  const { merged } = landed.pull
  const facts: Facts = {
    ...landed,
    pull: { ...landed.pull, headSha: head, ...(merged && { merged: { ...merged, commit: merge } }) },
    reviews: [reviewed(carol, 'approved', { blobs: { policies: tree } })],
  }
  const grounds = groundsOf({ facts, proposal: proposed })
  const decision = decidePolicies(facts, proposed)
  if (decision.policies === undefined) throw new Error('no decision')
  const [example] = exampleEvents(decision.verdict === 'passed' ? 'policy.accepted' : 'policy.refused')
  const data = policyDecisionData(decision, decision.policies, grounds.digest)
  const [header, event] = ledgerLines('acme', [{ ...example, data }])
  if (header === undefined || event === undefined) throw new Error('no lines')
  const bytes = Buffer.from(grounds.bytes).toString('utf8')
  const evidence = { kind: 'evidence' as const, digest: grounds.digest, bytes }
  const file = join(dir, 'proposal.jsonl')
  writeFileSync(file, [header, evidence, event].map((line) => `${exportLine(line)}\n`).join(''))
  const [found] = await replayFrom({ export: file, repository: clone }, { seq: 1 }, {})
  return found
}

test('a decision on policies is made again from Git: trees, files, what compiles', async () => {
  const groups = 'policies/data/groups.yaml'
  const files = readFolder('.')
  for (const [name, bytes] of files) writeFileSync(join(clone, name), bytes)
  const head = commit(
    new Map([[groups, Buffer.concat([files.get(groups) ?? bytesOf(''), bytesOf('# more\n')])]]),
  )
  expect(await replayProposal({ head, merge: head })).toMatchObject({
    type: 'policy.accepted',
    outcome: 'same',
    differences: [],
    missing: [],
  })
  const abouts = async (change: Partial<ProposalFacts>) =>
    (await replayProposal({ head, merge: head }, change))?.differences.map(({ about }) => about)
  expect(await abouts({ changed: ['policies/roles.rego'] })).toEqual(['changed'])
  expect(await abouts({ odd: [{ path: groups, mode: '120000' }] })).toEqual(['modes'])
  const faults = { ok: false, faults: [] } as const
  expect(await abouts({ trial: { ...fine, compiles: faults } })).toEqual(
    expect.arrayContaining(['compiles', 'type']),
  )

  const gone = 'e'.repeat(40)
  const squashed = await replayProposal({ head: gone, merge: head })
  expect(squashed).toMatchObject({
    outcome: 'same',
    notes: expect.arrayContaining([expect.stringMatching(/^e{40} is not in the clone/)]),
  })
  // What was reviewed is not what was merged: the merge says nothing of it.
  const other = git('-C', clone, 'rev-parse', `${packaged}:policies`)
  expect(await replayProposal({ head: gone, merge: head }, { tree: other })).toMatchObject({
    type: 'policy.refused',
    outcome: 'not_replayable',
    differences: [],
    missing: [expect.stringMatching(/e{40}.*git fetch origin refs\/pull\/\d+\/head/)],
  })
  expect(await replayProposal({ head, merge: head }, { accepted: gone })).toMatchObject({
    outcome: 'not_replayable',
    missing: [expect.stringContaining('the proposed policies: ')],
  })
  expect(await replayProposal({ head: commented, merge: commented })).toMatchObject({
    outcome: 'not_replayable',
    missing: [expect.stringContaining('this machine has no opa')],
  })
  const untested = {
    ok: false,
    faults: [{ path: roles, line: 1, column: 1, code: 'compiler_missing', message: 'a' }],
  }
  for (const each of [head, commented])
    expect(
      await replayProposal({ head: each, merge: each }, { trial: { ...fine, compiles: untested } }),
    ).toMatchObject({
      type: 'policy.refused',
      outcome: 'same',
      notes: expect.arrayContaining([expect.stringContaining('whether they compile is taken as recorded')]),
    })
})

test('the packaged policies need no opa', async () => {
  expect(await replay(packaged)).toMatchObject({ outcome: 'same', differences: [], missing: [], notes: [] })
})

test('what an earlier release said in other words is the same, reworded', async () => {
  const before = (said: string) =>
    said.replaceAll(
      /in policies\/data\/identities.yaml add `\w+: \[NAME\]` to the principals of alice/g,
      'add one to the entry of alice',
    )
  expect(await replay(packaged, undefined, before)).toMatchObject({ outcome: 'reworded', differences: [] })
})

test('of other sources the packaged wasm of the recorded digest is asked, and it is said what that does not show', async () => {
  expect(await replay(commented)).toMatchObject({
    outcome: 'same',
    differences: [],
    notes: [
      `policy roles: without opa, the packaged wasm of the recorded digest was asked; that ${commented.slice(0, 10)} compiles to it is not shown`,
    ],
  })
})

test('without opa, other sources of another wasm cannot be told, and a commit that is not in the clone neither', async () => {
  const other = (digests: EvaluationDigests) => ({ ...digests, wasm: 'f'.repeat(64) })
  expect(await replay(commented, other)).toMatchObject({
    outcome: 'not_replayable',
    missing: [expect.stringMatching(/cannot be loaded: .*no opa to compile it/)],
  })
  expect(await replay('e'.repeat(40))).toMatchObject({
    outcome: 'not_replayable',
    missing: [expect.stringContaining('the policies of eeee')],
  })
})
