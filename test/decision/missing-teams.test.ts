import { expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import {
  approval,
  bob,
  type Case,
  carol,
  eligibility,
  failing,
  group,
  hour,
  merged,
  minute,
  now,
  open,
  patched,
  policies,
  review,
} from './fixture.ts'
import { decides } from './table.ts'

const unnamed = { name: 'sre', team: 'acme/sre', unknown: 'GitHub named team acme/sre before' }
const others = policies.groups.filter(({ name }) => name !== 'sre')
const groups = [{ ...unnamed, named: true as const }, ...others]
const missing = ['GitHub knows no team acme/sre']
const security = [approval('production', { required: [group('security')] })]
const denied = [eligibility('freeze', { deny: ['a freeze'] })]
const depends = failing(eligibility('default'), 'trouble')

const both: readonly Case[] = [
  {
    name: 'asked for',
    patch: { policies: { groups } },
    verdict: 'not_yet',
    rule: '6.17',
    summary: /policy production: it names group sre: GitHub named team acme\/sre before/,
  },
  {
    name: 'asked for, and one asks for changes who may be in it',
    patch: { facts: { reviews: [review(bob, 'changes_requested')] }, policies: { groups } },
    verdict: 'not_yet',
    rule: '6.17',
  },
  {
    name: 'asked for besides another',
    patch: {
      facts: { reviews: [review(bob), review(carol)] },
      policies: { groups, approval: [approval('a', { required: [group('security'), group('sre')] })] },
    },
    verdict: 'not_yet',
    rule: '6.17',
  },
  {
    name: 'not asked for',
    patch: { facts: { reviews: [review(carol)] }, policies: { groups, approval: security } },
    verdict: 'passed',
  },
  {
    name: 'asked for and never named',
    patch: { policies: { groups: [unnamed, ...others] } },
    verdict: 'denied',
    rule: '4.1',
    summary: /it names group sre: GitHub named/,
  },
  {
    name: 'it makes a difference',
    patch: { policies: { missing } },
    verdict: 'not_yet',
    rule: '6.17',
    summary: 'GitHub knows no team acme/sre',
  },
  {
    name: 'it makes a difference to a policy that was disabled by hand',
    patch: { request: { policiesToo: { ...policies, missing } } },
    verdict: 'not_yet',
    rule: '6.17',
  },
  {
    name: 'it makes a difference to who may ask for somebody else',
    patch: {
      facts: { reviews: [review(carol)] },
      pull: { author: bob },
      policies: { missing, eligibility: [depends] },
    },
    verdict: 'not_yet',
    rule: '6.17',
  },
]

decides('a team that GitHub does not name', open, [
  ...both,
  {
    name: 'it makes a difference, and what is certain refuses',
    patch: { policies: { missing, eligibility: denied } },
    verdict: 'denied',
    rule: 'eligibility',
    summary: 'a freeze (policy freeze)',
  },
])

decides('a team that GitHub does not name at the merge', merged, [
  ...both,
  {
    name: 'asked for, and something else refuses',
    patch: { policies: { groups, eligibility: denied } },
    verdict: 'not_yet',
    rule: '6.17',
  },
])

test.each([
  [{ groups }, 'policy production: it names group sre: GitHub named team acme/sre before'],
  [{ missing }, 'GitHub knows no team acme/sre'],
])('who waited for it to the end is told so', (told, words) => {
  const at = now - hour - minute
  const { summary, requests } = decide(
    patched(merged, { policies: told, pull: { merged: { at, commit: 'd'.repeat(40), onBranch: true } } }),
  )
  expect(summary).toBe(`1h1m have passed since the merge; grantWindow is 1h; ${words}`)
  expect(requests[0]).toMatchObject({ verdict: 'denied' })
  expect(requests[0]?.hints).toContainEqual(expect.stringContaining('policies/data/groups.yaml'))
})

test('what it is asked for stays the same, so that an approval given before is none under other rules (1.9)', () => {
  const termsOf = (of: readonly (typeof policies.groups)[number][]) =>
    decide(patched(open, { policies: { groups: of } })).requests[0]?.terms
  expect(termsOf(groups)).toEqual({ ...termsOf(policies.groups), met: false })
})
