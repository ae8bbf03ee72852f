import { expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import { foldApproval } from '../../app/decision/requirements.ts'
import {
  alice,
  approval,
  bob,
  carol,
  deciders,
  group,
  minute,
  now,
  open,
  patched,
  policies,
  review,
  says,
} from './fixture.ts'

const fold = (more: Partial<typeof policies>) =>
  foldApproval({ ...policies, ...more }, (id) => `account ${id}`)

test('policies are told in the order of their names', () => {
  const { said } = fold({ approval: [approval('b', { tier: 'auto' }), approval('a', { tier: 'auto' })] })
  expect(said.map(({ policy }) => policy)).toEqual(['a', 'b'])
})

test('a group of which there are two is a group that nobody knows', () => {
  const [sre] = policies.groups
  if (sre === undefined) throw new Error('the fixture has no groups')
  const { said } = fold({ approval: [approval('a', { required: [group('sre')] })], groups: [sre, sre] })
  expect(said).toEqual([{ policy: 'a', effect: 'refuses', why: 'it names group sre, which nobody knows' }])
})

test('whoever a policy names twice is one person, by the first of the names', () => {
  const twice = [says({ ...bob, login: 'zed' }, true), says(bob, true)]
  expect(fold({ approval: [approval('a', {}, twice)] }).requirements[0]?.eligible).toEqual([bob])
})

test('whom a policy names by number alone is called as in a review, or by the number', () => {
  const { login: _, ...unnamed } = says(bob, true)
  const stranger = { ...unnamed, reviewerId: 77 }
  const facts = patched(open, { policies: { approval: [approval('a', {}, [unnamed, stranger])] } })
  expect(decide(facts).requests[0]?.requirements[0]?.eligible).toEqual([bob, { id: 77, login: 'account 77' }])
})

test('of two who refuse it is the first in time who did', () => {
  const against = (who: typeof bob, ago: number) =>
    review(who, 'changes_requested', { submittedAt: now - ago * minute })
  const denied = (...ago: readonly [number, number]) =>
    decide(patched(open, { facts: { reviews: [against(bob, ago[0]), against(carol, ago[1])] } })).requests[0]
      ?.deniedBy
  expect([denied(2, 1), denied(1, 2)]).toMatchObject([bob, carol])
})

test('without a principal it is not asked what the cloud would refuse it', () => {
  const gcp = (principal?: string) =>
    patched(open, {
      access: { provider: 'gcp', scope: 'projects/example-prod' },
      repository: { providers: ['gcp'] },
      request: {
        requester: { person: alice, principals: [], ...(principal && { principal }) },
        role: {
          provider: 'gcp',
          role: 'prod-infra-admin',
          cloudRole: 'roles/editor',
          scopes: ['projects/example-prod'],
          maxDurationSeconds: 9000,
        },
      },
    })
  expect(deciders(decide(gcp('alice@example.com')))).toContain('cloud')
  expect(deciders(decide(gcp()))).not.toContain('cloud')
})
