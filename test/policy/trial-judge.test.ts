import { expect, test } from 'vitest'
import { readDirectory } from '../../app/identity/directory.ts'
import type { Identity } from '../../app/identity/identity.ts'
import { readFolder } from '../../app/policy/folder.ts'
import type { RequiredEntry } from '../../app/policy/result.ts'
import { createJudge } from '../../app/policy/trial/judge.ts'
import type { PolicySet } from '../../app/reconcile/ports/evaluator.ts'
import { alice, ask } from './question.ts'

const read = readDirectory(readFolder('.'))
if (!read.ok) throw new Error('the shipped data does not read')
const { directory } = read
const digests = { input: '', wasm: '', data: '' }

/** Policies that let everybody ask, and want this; `extra` people beyond the shipped ones are in group `all`. */
const judge = (required: readonly RequiredEntry[], extra = 0) => {
  const logins = Array.from({ length: extra }, (_, n) => `person-${n}`)
  const people = new Map(logins.map((login, n): [string, Identity] => [login, someone(login, 10_000 + n)]))
  const set: PolicySet = {
    commit: 'c0ffee',
    directory: {
      ...directory,
      identities: [...directory.identities, ...people.values()],
      groups: [...directory.groups, { name: 'all', members: logins }],
      byLogin: (login) => people.get(login) ?? directory.byLogin(login),
    },
    policies: [],
    dataDigest: '',
    ask: async () => ({
      eligibility: [
        {
          policy: 'open',
          digests,
          outcome: {
            kind: 'value',
            allow: true,
            reason: '',
            deny: [],
            allowBreakGlass: false,
            allowOnBehalfOf: false,
          },
        },
      ],
      approval: [
        {
          policy: 'many',
          digests,
          outcome: { kind: 'value', applies: true, tier: 'human', required, deny: [] },
          reviewers: [],
        },
      ],
      hints: [],
      evidence: [],
    }),
  }
  return createJudge(set)({ ...ask(alice), path: 'requests/2026/12/a.yaml' })
}

const someone = (login: string, id: number): Identity => ({
  login,
  id,
  emails: [],
  oidc: [],
  certificateSans: [],
  principals: {},
  trustTier: 1,
  blocked: false,
})
const all = (count: number): RequiredEntry => ({ group: 'all', count, reason: '' })

test('everybody asked at once has to be enough, each for one requirement', async () => {
  expect(await judge([all(1), all(1)], 2)).toMatchObject({ verdict: 'passes', approvals: 2 })
  expect(await judge([all(1), all(1)], 1)).toEqual({ verdict: 'refused' })
  expect(await judge([{ users: ['bob', 'alice'], count: 2, reason: '' }])).toEqual({ verdict: 'refused' })
})

test('a hundred approvals, and twenty thousand people asked, are the most that is weighed', async () => {
  expect(await judge([all(100)], 200)).toMatchObject({ verdict: 'passes', approvals: 100 })
  expect(await judge([all(101)], 200)).toEqual({ verdict: 'refused' })
  expect(await judge([all(1)], 20_000)).toMatchObject({ verdict: 'passes' })
  expect(await judge([all(1)], 20_001)).toEqual({ verdict: 'refused' })
  expect(
    await judge(
      Array.from({ length: 20_000 }, () => all(1)),
      30_000,
    ),
  ).toEqual({ verdict: 'refused' })
})
