import { expect, test } from 'vitest'
import { type AwsReach, awsRole } from '../../app/grant/grantable/aws.ts'
import { refusals } from '../../app/grant/grantable.ts'

const template = 'arn:aws:iam::{scope}:role/jitsudo-{role}'
const sts = (chained: boolean): AwsReach => ({ mode: 'sts_assume_role', roleArnTemplate: template, chained })
const asked = { principal: 'alice@example.com', cloudRole: 'admin', scope: '123456789012', seconds: 3600 }

test.each([
  ['an hour', {}, true, undefined],
  ['a quarter of an hour', { seconds: 900 }, true, undefined],
  ['a second less', { seconds: 899 }, true, /14m59s is less than the shortest session/],
  ['a second more than chaining lasts', { seconds: 3601 }, true, /assumed from a role/],
  ['half a day, of a user', { seconds: 43_200 }, false, undefined],
  ['a second more than that', { seconds: 43_201 }, false, /the longest session/],
  ['an account that is none', { scope: '12345678901' }, false, /no account of AWS/],
  ['an account and more', { scope: '123456789012:role/x' }, false, /no account of AWS/],
  ['a role on a path of its own', { cloudRole: 'ops/admin' }, false, /makes no role of ops\/admin/],
  ['a name that the template makes too long', { cloudRole: 'r'.repeat(57) }, false, /makes no role/],
  ['a name as long as they are', { cloudRole: 'r'.repeat(56) }, false, undefined],
] as const)('%s', (_name, change, chained, says) => {
  const [first] = refusals('aws', { ...asked, ...change }, { aws: sts(chained) })
  if (says === undefined) expect(first).toBeUndefined()
  else expect(first?.had).toMatch(says)
})

test('nothing is known to be refused of a cloud that nobody configured', () => {
  expect(refusals('aws', { ...asked, seconds: 1 })).toEqual([])
})

test.each([
  [template, 'arn:aws:iam::123456789012:role/jitsudo-admin'],
  ['arn:aws-us-gov:iam::{scope}:role/ops/jit/{role}', 'arn:aws-us-gov:iam::123456789012:role/ops/jit/admin'],
  ['arn:aws:iam::{scope}:user/{role}', undefined],
  ['arn:aws:iam::{account}:role/{role}', undefined],
])('%s makes %s', (given, arn) => {
  expect(awsRole(given, asked)?.arn).toBe(arn)
})

const center: AwsReach = {
  mode: 'identity_center',
  instanceArn: 'arn:aws:sso:::instance/ssoins-1234567890abcdef',
}
const assigned = {
  ...asked,
  cloudRole: 'arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1234567890abcdef',
  seconds: 60,
}

test.each([
  ['a minute of a permission set', {}, undefined],
  ['its name alone', { cloudRole: 'ReadOnly' }, /ReadOnly is none/],
  ['one of another instance', { cloudRole: assigned.cloudRole.replace('ssoins-1', 'ssoins-2') }, /is none/],
  ['an account that is none', { scope: 'prod' }, /no account of AWS/],
  ['a user with a space', { principal: 'alice smith' }, /neither an id nor a name/],
] as const)('of Identity Center: %s', (_name, change, says) => {
  const [first] = refusals('aws', { ...assigned, ...change }, { aws: center })
  if (says === undefined) expect(first).toBeUndefined()
  else expect(first?.had).toMatch(says)
})
