import type { Facts } from '../../../app/decision/facts.ts'
import { access, alice, eligibility, failing, full, hour, merged, minute, now, policies } from '../fixture.ts'
import { day, fault, of, role, start, strict, three, two } from './shapes.ts'

const subscription = '/subscriptions/8b9f6c1e-3c55-4a1e-9f6e-0a4f1f0c2d11'

/** Of the request: its file, who asks, for what, from when; and of two together. */
export const requestCases: Readonly<Record<string, Facts>> = {
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
  'revoked before it is granted': of({ request: { revoked: { by: 'alice', why: 'comment' } } }),
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
  'something that its cloud cannot grant': of({
    access: { durationSeconds: 60 },
    repository: {
      clouds: {
        aws: { mode: 'sts_assume_role', roleArnTemplate: 'arn:aws:iam::{scope}:role/{role}', chained: false },
      },
    },
  }),
  'something that PIM cannot grant': of({
    access: { provider: 'azure', scope: subscription, durationSeconds: 240 },
    request: {
      requester: { person: alice, principals: [], principal: '4c1d7d1e-0b8f-4b53-9d0a-000000001001' },
      role: { ...role, provider: 'azure', scopes: [subscription] },
    },
    repository: { providers: ['azure'], clouds: { azure: { mode: 'pim' } } },
  }),
  'something for which its cloud has no room': of({ request: { limits: [full] } }),
  'something for which its cloud has no room, merged': of({ request: { limits: [full] } }, merged),
  'two that pass': two({}),
  'three, of which one passes': three({ usedUp: true }),
  'two, of which one is used up': two({ usedUp: true }),
  'two, of which one is used up, merged': two({ usedUp: true }, merged),
  'two, of which one is used up, at a start': two({ usedUp: true }, start),
  'two, of which one waits': two({ policies: strict }),
  'two, of which one is in trouble': two({
    policies: { ...policies, eligibility: [failing(eligibility('a'), 'trouble')] },
  }),
  'two, of which one could not be read, merged': two({ mergedBlob: undefined } as never, merged),
}
