import { full, hour, now, open, path } from './fixture.ts'
import { decides } from './table.ts'

const fault = {
  file: path,
  line: 5,
  column: 9,
  code: 'value',
  message: 'is no duration',
  remedy: 'write 2h',
} as const
const day = 24 * hour

decides('requests', open, [
  {
    name: 'a file with faults',
    patch: { request: { read: { ok: false, faults: [fault] } } },
    verdict: 'denied',
    rule: 'file',
    summary: /1 fault in .*line 5: is no duration/,
  },
  {
    name: 'a file that cannot be read and says nothing',
    patch: { request: { read: { ok: false, faults: [] } } },
    verdict: 'denied',
    rule: 'file',
  },
  {
    name: 'an unknown requester',
    patch: {
      request: { requester: { unknown: 'identities.yaml has no alice (1)', remedy: 'add her' } },
      without: ['policies'],
    },
    verdict: 'denied',
    rule: 'requester',
    summary: 'identities.yaml has no alice (1)',
  },
  {
    name: 'a requester nobody looked up',
    patch: { without: ['requester'] },
    verdict: 'not_yet',
    rule: 'requester',
  },
  {
    name: 'nobody looked anything up',
    patch: { without: ['requester', 'role'] },
    verdict: 'not_yet',
    rule: 'requester',
  },
  {
    name: 'no principal',
    patch: { request: { requester: { person: { id: 1, login: 'alice' }, principals: [] } } },
    verdict: 'denied',
    rule: 'requester',
    summary: /no aws principal for alice/,
  },
  {
    name: 'an unknown role',
    patch: { request: { role: { unknown: 'roles.yaml has no role x', remedy: 'one of these exists' } } },
    verdict: 'denied',
    rule: 'role',
  },
  { name: 'a role nobody looked up', patch: { without: ['role'] }, verdict: 'not_yet', rule: 'role' },
  {
    name: 'a role of another provider',
    patch: { access: { provider: 'gcp' }, repository: { providers: ['gcp'] } },
    verdict: 'not_yet',
    rule: 'role',
  },
  {
    name: 'what the cloud can never grant',
    patch: {
      access: { provider: 'gcp', scope: 'projects/example-prod' },
      repository: { providers: ['gcp'] },
      request: {
        requester: { person: { id: 1, login: 'alice' }, principals: [], principal: 'alice@example.com' },
        role: {
          provider: 'gcp',
          role: 'prod-infra-admin',
          cloudRole: 'roles/editor',
          scopes: ['projects/example-prod'],
          maxDurationSeconds: 9000,
        },
      },
    },
    verdict: 'denied',
    rule: 'cloud',
    summary: /roles\/editor is a basic role/,
  },
  {
    name: 'what the cloud itself says it would refuse now',
    patch: { request: { limits: [full] } },
    verdict: 'denied',
    rule: 'cloud',
    summary: /it is full/,
  },
  { name: 'a cloud that has nothing against it', patch: { request: { limits: [] } }, verdict: 'passed' },
  {
    name: 'a scope that only begins like one',
    patch: { access: { scope: '1234567890123' } },
    verdict: 'denied',
    rule: 'scope',
  },
  {
    name: 'a scope in other case',
    patch: {
      access: { scope: 'ABC' },
      request: {
        role: {
          provider: 'aws',
          role: 'prod-infra-admin',
          cloudRole: 'x',
          scopes: ['abc'],
          maxDurationSeconds: 9000,
        },
      },
    },
    verdict: 'denied',
    rule: 'scope',
  },
  { name: 'exactly the longest', patch: { access: { durationSeconds: 14_400 } }, verdict: 'passed' },
  {
    name: 'too long',
    patch: { access: { durationSeconds: 14_401 } },
    verdict: 'denied',
    rule: 'duration',
    summary: /more than the 4h/,
  },
  { name: 'no time at all', patch: { access: { durationSeconds: 0 } }, verdict: 'denied', rule: 'duration' },
  {
    name: 'a duration that is no number',
    patch: { access: { durationSeconds: Number.NaN } },
    verdict: 'denied',
    rule: 'duration',
  },
  { name: 'a start in 14 days', patch: { access: { startsAt: now + 14 * day } }, verdict: 'passed' },
  {
    name: 'a start later than that',
    patch: { access: { startsAt: now + 14 * day + 1 } },
    verdict: 'denied',
    rule: '3.7',
  },
  { name: 'a start in the past', patch: { access: { startsAt: now - day } }, verdict: 'passed' },
  {
    name: 'break-glass',
    patch: { access: { breakGlass: true } },
    verdict: 'denied',
    rule: '8',
    summary: /not available yet/,
  },
  {
    name: 'a provider out of reach',
    patch: { repository: { providers: ['gcp'] } },
    verdict: 'denied',
    rule: '1.1',
    summary: /acme\/access may not touch aws/,
  },
  {
    name: 'a scope out of reach',
    patch: { repository: { scopes: ['999'] } },
    verdict: 'denied',
    rule: '1.1',
  },
  { name: 'a scope within reach', patch: { repository: { scopes: ['123456789012'] } }, verdict: 'passed' },
  {
    name: 'policies that could not be asked',
    patch: { without: ['policies'] },
    verdict: 'not_yet',
    rule: 'eligibility',
  },
])
