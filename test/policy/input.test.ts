import fc from 'fast-check'
import { expect, test } from 'vitest'
import { policyInput } from '../../app/policy/input.ts'
import { writeInstant } from '../../app/request/instant.ts'
import { alice, ask, dave } from './question.ts'

const grant = {
  id: 'req_A',
  repository: 'example/access',
  provider: 'mock',
  role: 'db-read',
  scope: 'orders',
  state: 'active',
  startsAt: 0,
  endsAt: 3_600_000,
}

test('is what product.md says, with the reviewer as user and the requester beside', () => {
  const startsAt = Date.parse('2026-12-01T08:00:00Z')
  const question = ask(
    dave,
    { ticket: 'INC-4421', startsAt, metadata: { team: 'x' } },
    { author: alice, activeGrants: [{ ...grant, reason: 'r', metadata: {} }], queuedGrants: [grant] },
  )
  const person = { login: 'dave', id: 1004, email: 'dave@example.com', groups: ['developers'], trust_tier: 2 }
  const reviewer = {
    login: 'alice',
    id: 1001,
    email: 'alice@example.com',
    groups: ['sre', 'platform'],
    trust_tier: 3,
  }
  const seen = {
    id: 'req_A',
    repository: 'example/access',
    provider: 'mock',
    role: 'db-read',
    resource_scope: 'orders',
    state: 'active',
    starts_at: '1970-01-01T00:00:00.000Z',
    ends_at: '1970-01-01T01:00:00.000Z',
  }
  expect(policyInput(question, alice)).toEqual({
    user: reviewer,
    requester: person,
    author: reviewer,
    request: {
      id: 'req_7WWF4X1CK9J9FE6ZDNYBQNE8YV',
      provider: 'mock',
      role: 'prod-infra-admin',
      resource_scope: '123456789012',
      duration_seconds: 1800,
      reason: 'INC-4421',
      ticket: 'INC-4421',
      break_glass: false,
      starts_at: '2026-12-01T08:00:00.000Z',
      metadata: { team: 'x' },
    },
    context: {
      trust_tier: 2,
      now: '2026-12-06T03:30:00.123Z',
      now_ns: 1_796_527_800_123_000_000,
      repository: 'example/access',
      pull_request: 7,
      active_grants: [{ ...seen, reason: 'r', metadata: {} }],
      queued_grants: [seen],
    },
  })
})

test('what the request leaves out is absent', () => {
  const { request } = policyInput(ask(dave), dave)
  expect(Object.keys(request)).not.toContain('ticket')
  expect(Object.keys(request)).not.toContain('starts_at')
})

test('times are those of the calendar', () => {
  fc.assert(
    fc.property(
      fc.date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59Z'),
        noInvalidDate: true,
      }),
      (date) => {
        expect(writeInstant(date.getTime())).toBe(date.toISOString())
      },
    ),
  )
})
