import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { externalIdFault, ownPolicy, rolePermissions, trustPolicy } from '../../app/provider/aws/policies.ts'
import { account, awsWorld, roleArn, self, trusting } from '../support/aws.ts'

let w: Awaited<ReturnType<typeof awsWorld>>
beforeEach(async () => {
  w = await awsWorld()
})
afterEach(() => w.aws.close())

describe('check', () => {
  test('names a role that is not there, and one whose sessions are shorter than the catalogue says', async () => {
    w.aws.addRole(roleArn('short'), trusting(self), 3600)
    w.offered.push(
      { cloudRole: 'short', scope: account, seconds: 7200 },
      { cloudRole: 'none', scope: account, seconds: 900 },
    )
    const words = (await w.provider().check(w.call())).join('\n')
    expect(words).toMatch(/short: MaxSessionDuration is 1h, and roles\.yaml offers 2h/)
    expect(words).toMatch(/none.*cannot be found/)
  })

  test('prints what a role has to be made with that is not there yet', async () => {
    w.offered.splice(0, 1, { cloudRole: 'none', scope: account, seconds: 900 })
    expect(await w.provider().check(w.call())).toEqual([
      expect.stringMatching(/none.*cannot be found/),
      `each role's trust policy: ${JSON.stringify(trustPolicy(self, 'gitsudo'))}`,
      `gitsudo's own permissions: ${JSON.stringify(ownPolicy([roleArn('none')]))}`,
    ])
  })

  test('prints no policies for what they do not mend', async () => {
    w.aws.addRole(roleArn('short'), trusting(self), 3600)
    w.clock.advance(6 * 60_000)
    w.offered.splice(0, 1, { cloudRole: 'short', scope: account, seconds: 7200 })
    w.offered.push({ cloudRole: 'reader', scope: '210987654321', seconds: 900 })
    expect(await w.provider().check(w.call())).toEqual([
      expect.stringMatching(/MaxSessionDuration is 1h/),
      expect.stringMatching(/manager_role_arn_template/),
    ])
  })

  test.each([
    ['arn:aws:iam::{scope}:role/jitsudo-{role}', ownPolicy([roleArn('jitsudo-*')])],
    ['arn:aws:iam::210987654321:role/{role}', ownPolicy([], [roleArn('*', '210987654321')])],
  ])('says that nothing was tried where nothing is offered, and what %s will need', async (template, own) => {
    w.offered.length = 0
    expect(await w.provider('ours', { roleArnTemplate: template }).check(w.call())).toEqual([
      expect.stringMatching(/nothing could be tried/),
      `each role's trust policy: ${JSON.stringify(trustPolicy(self, 'gitsudo'))}`,
      `gitsudo's own permissions: ${JSON.stringify(own)}`,
    ])
  })

  test.each(rolePermissions)(
    'finds that %s is missing, changes nothing, and prints what would mend it',
    async (permission) => {
      w.aws.withdraw(permission)
      const words = await w.provider().check(w.call())
      expect(words[0]).toContain(`permission ${permission} is missing`)
      expect(words.slice(1).join('\n')).toMatch(
        new RegExp(`trust policy: .*${self}.*\n.*own permissions: .*reader-1`),
      )
      expect(w.aws.policies(roleArn('reader-1')).size).toBe(0)
    },
  )

  test.each([
    [undefined, /asks for an external ID: set providers\.aws\.external_id/],
    ['other', /asks for another external ID/],
    ['gitsudo', undefined],
  ])('says whether a refusal comes from the external ID: %s', (externalId, says) => {
    const fault = externalIdFault(JSON.stringify(trusting(self)), externalId)
    if (says === undefined) expect(fault).toBeUndefined()
    else expect(fault).toMatch(says)
    for (const none of [JSON.stringify(trusting(self, undefined, null)), '', 'null', '{"Statement":{}}'])
      expect(externalIdFault(none, externalId)).toBeUndefined()
  })

  test('names an external ID that the trust policy asks for', async () => {
    const words = await w.provider('ours', { externalId: 'other' }).check(w.call())
    expect(words[0]).toContain('permission sts:AssumeRole is missing')
    expect(words[1]).toBe(
      `${roleArn('reader-1')}: its trust policy asks for another external ID than providers.aws.external_id`,
    )
  })

  test('prints for another account what its manager needs, and that gitsudo may take him', async () => {
    const there = '210987654321'
    const manager = roleArn('gitsudo-manager', there)
    w.offered.push({ cloudRole: 'reader', scope: there, seconds: 900 })
    const managerRoleArnTemplate = 'arn:aws:iam::{scope}:role/gitsudo-manager'
    const words = await w.provider('ours', { managerRoleArnTemplate }).check(w.call())
    expect(words[0]).toMatch(/permission sts:AssumeRole is missing: .*gitsudo-manager/)
    const policyOf = (who: string) => {
      const line = words.find((one) => one.startsWith(who)) ?? ''
      return JSON.parse(line.slice(line.indexOf('{'))).Statement.map(
        ({ Action, Resource }: { readonly Action: unknown; readonly Resource: unknown }) => [
          Action,
          Resource,
        ],
      )
    }
    expect(policyOf("gitsudo's own permissions")).toEqual([
      [[...rolePermissions], [roleArn('reader-1')]],
      [rolePermissions.slice(0, 3), [roleArn('reader', there)]],
      [['sts:AssumeRole'], [manager]],
    ])
    expect(policyOf(`permissions of ${manager}`)).toEqual([
      [rolePermissions.slice(3), [roleArn('reader', there)]],
    ])
  })

  test('says that the role of a session may have a path, which nobody sees', async () => {
    const own = roleArn('gitsudo-machine')
    w.aws.addRole(own, trusting(`arn:aws:iam::${account}:root`))
    w.aws.runAs(own)
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', w.aws.url)
    const machine = w.provider('ours', { credentialsSource: 'instance_profile' })
    const words = await machine.check(w.call()).finally(() => vi.unstubAllEnvs())
    expect(words.join('\n')).toMatch(
      /trust policy: .*role\/gitsudo-machine".*\n.*path of role gitsudo-machine/,
    )
  })
})
