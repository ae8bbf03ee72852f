import { expect, test } from 'vitest'
import { readDirectory } from '../../app/identity/directory.ts'
import { readFolder } from '../../app/policy/folder.ts'
import { hintsOf, mostVariations, variations } from '../../app/policy/hints.ts'
import { ask, dave } from './question.ts'

const reading = readDirectory(readFolder('.'))
if (!reading.ok) throw new Error('the default data does not read')
const { directory } = reading

test('one thing changes at a time: duration, one more group, another role of the same scope', () => {
  const question = ask(dave, { durationSeconds: 7200 })
  const all = variations(question, directory)
  expect(all.map(({ text }) => text)).toEqual([
    '1h would pass',
    '30m would pass',
    '15m would pass',
    '4h would pass',
    'role prod-infra-admin is open to group sre',
    'role prod-infra-admin is open to group security',
    'role prod-infra-admin is open to group prod-approvers',
    'role prod-infra-admin is open to group platform',
    'role prod-read-only would pass',
  ])
  expect(all[0]?.question).toEqual(ask(dave, { durationSeconds: 3600 }))
  const member = { ...dave, groups: ['developers', 'sre'] }
  expect(all[4]?.question).toEqual({ ...question, requester: member, author: member })
})

test('however many groups and roles there are, never more than 64', () => {
  const groups = Array.from({ length: 200 }, (_, i) => ({ name: `g${i}`, members: [] }))
  const role = {
    provider: 'mock',
    scopes: ['123456789012'],
    cloudRole: 'r',
    maxDurationSeconds: 9999,
    owners: [],
    offline: false,
    chain: false,
  } as const
  const roles = Array.from({ length: 200 }, (_, i) => ({ ...role, role: `r${i}` }))
  const many = variations(ask(dave), { ...directory, groups, roles })
  expect(many.length).toBeLessThanOrEqual(mostVariations)
  expect(new Set(many.map(({ about }) => about))).toEqual(new Set(['duration', 'group', 'role']))
})

test('only the best duration is told', () => {
  const all = variations(ask(dave, { durationSeconds: 7200 }), directory)
  expect(hintsOf(all.filter(({ about }) => about !== 'group'))).toEqual([
    '1h would pass',
    'role prod-read-only would pass',
  ])
})
