import { readDirectory } from '../../../app/identity/directory.ts'
import type { LoadPolicies, PolicyQuestion } from '../../../app/reconcile/ports/evaluator.ts'
import type { Policy } from '../../support/restatement/truth.ts'

/** What the model's policies say, as one file in the access repository. */
export type Rules = Pick<Policy, 'allow' | 'deny' | 'apart' | 'onBehalf' | 'tier' | 'required' | 'groups'> & {
  readonly blocked: readonly string[]
}
export const rulesPath = 'policies/rules.json'
const sre = { group: 'sre', count: 1 }
const usual: Rules = {
  allow: true,
  deny: [],
  apart: [['reader', 'writer']],
  onBehalf: false,
  tier: 'human',
  required: [sre],
  groups: { sre: ['bob', 'carol'], leads: ['carol'] },
  blocked: [],
}
export const variants = {
  usual,
  pair: { ...usual, required: [sre, { group: 'leads', count: 1 }] },
  two: { ...usual, required: [{ group: 'sre', count: 2 }] },
  auto: { ...usual, tier: 'auto', required: [] },
  unnamed: { ...usual, required: [] },
  unknown: { ...usual, required: [sre, { group: 'ghosts', count: 1 }] },
  none: { ...usual, required: [{ group: 'sre', count: 0 }] },
  denied: { ...usual, deny: ['not today'] },
  disallowed: { ...usual, allow: false },
  behalf: { ...usual, onBehalf: true },
  blocked: { ...usual, blocked: ['alice'] },
  silenced: { ...usual, blocked: ['carol'] },
  odd: { ...usual, tier: 'whatever', required: [] },
  together: { ...usual, apart: [] },
} as const satisfies Record<string, Rules>
export type Variant = keyof typeof variants

export const rulesText = (variant: Variant): string => JSON.stringify(variants[variant])

const ids = { alice: 1001, bob: 1002, carol: 1003 }
const roles = ['reader', 'writer'].map((role) => ({
  provider: 'mock',
  role,
  scopes: ['one'],
  seconds: 8 * 3600,
}))

/** As the restatement takes it. */
export const policyOf = (text: string): Policy => {
  const { blocked, ...rules } = JSON.parse(text) as Rules
  const people = Object.entries(ids).map(([login, id]) => ({
    login,
    id,
    emails: [`${login}@example.com`],
    principals: [`mock:${login}`],
    blocked: blocked.includes(login),
  }))
  return { ...rules, people, roles }
}

const digests = { input: '1'.repeat(64), wasm: '2'.repeat(64), data: '3'.repeat(64) }
const yaml = (kind: string, body: string) =>
  new TextEncoder().encode(`apiVersion: gitsudo.dev/v1\nkind: ${kind}\n${body}`)

/** As the shipped policies do: what waits counts as well. */
const clashes = ({ apart }: Rules, { request, activeGrants, queuedGrants }: PolicyQuestion) =>
  [...activeGrants, ...queuedGrants]
    .filter(({ role }) => role !== request.role)
    .filter(({ role }) => apart.some((pair) => pair.includes(role) && pair.includes(request.role)))
    .map(({ role }) => `${request.role} and ${role} must not be held together`)

/** As the service takes it. */
export const loadRules: LoadPolicies = async (commit, files) => {
  const rules = JSON.parse(new TextDecoder().decode(files.get(rulesPath))) as Rules
  const identities = Object.entries(ids).map(
    ([login, id]) =>
      `  ${login}: { id: ${id}, trustTier: 3, blocked: ${rules.blocked.includes(login)}, emails: [${login}@example.com], principals: { mock: [${login}] } }\n`,
  )
  const groups = Object.entries(rules.groups).map(
    ([name, members]) => `  ${name}: { members: [${members.join(', ')}] }\n`,
  )
  const catalogue = roles.map(
    ({ role }) => `  - { provider: mock, role: ${role}, scopes: [one], maxDuration: 8h, owners: [sre] }\n`,
  )
  const read = readDirectory(
    new Map([
      ['policies/data/identities.yaml', yaml('Identities', `identities:\n${identities.join('')}`)],
      ['policies/data/groups.yaml', yaml('Groups', `groups:\n${groups.join('')}`)],
      ['policies/data/roles.yaml', yaml('Roles', `roles:\n${catalogue.join('')}`)],
    ]),
  )
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  const { allow, onBehalf: allowOnBehalfOf, tier } = rules
  const required = rules.required.map((one) => ({ ...one, reason: '' }))
  return {
    commit,
    directory: read.directory,
    policies: [],
    dataDigest: digests.data,
    ask: async (question) => ({
      eligibility: [
        {
          policy: 'who',
          digests,
          outcome: {
            kind: 'value',
            allow,
            reason: '',
            deny: [...rules.deny, ...clashes(rules, question)],
            allowBreakGlass: false,
            allowOnBehalfOf,
          },
        },
      ],
      approval: [
        {
          policy: 'how',
          digests,
          outcome: { kind: 'value', applies: true, tier, deny: [], required },
          reviewers: [],
        },
      ],
      hints: [],
      evidence: [],
    }),
  }
}
