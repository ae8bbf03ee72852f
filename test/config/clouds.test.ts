import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../app/config/fault.ts'
import { cloudSecretTexts } from '../../app/config/providers.ts'
import { parseConfig } from '../../app/config.ts'
import { appKey, newMacKey, newSigningKey } from '../support/secrets.ts'

const files: Readonly<Record<string, string>> = {
  '/s/key.json': JSON.stringify({ type: 'service_account', client_email: 'g@p', private_key: 'the key' }),
  '/s/pool.json': JSON.stringify({
    type: 'external_account',
    audience: '//iam',
    client_secret: 'pool secret',
  }),
  '/s/aws': '[default]\naws_access_key_id = AKIA1\naws_secret_access_key = secret-of-a-user\n',
  '/s/note.txt': 'the key is under the mat',
  '/s/empty': '',
  '/s/app': appKey,
  '/s/signing': newSigningKey(),
  '/s/mac': newMacKey(),
  '/s/hook': 'a secret of GitHub',
  '/s/database': 'postgres://a@b/c',
  '/s/secret': 'hush, hush, hush\n',
}
const parse = (providers: object, env: Record<string, string> = {}) =>
  parseConfig(
    JSON.stringify({
      instance: 'acme.example',
      repositories: [
        {
          name: 'acme/access',
          id: 1,
          firstAcceptedCommit: 'a'.repeat(40),
          providers: Object.keys(providers).slice(0, 1),
          scopes: ['*'],
          policyOwners: { ids: [1] },
        },
      ],
      database: { url_file: '/s/database' },
      github: {
        app_id: 1,
        client_id: 'Iv',
        private_key_file: '/s/app',
        client_secret_file: '/s/hook',
        webhook_secret_file: '/s/hook',
      },
      keys: { signing_files: ['/s/signing'], mac_files: ['/s/mac'] },
      providers,
    }),
    env,
    (path) => {
      const text = files[path]
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
      return text
    },
  )
const providersOf = (...given: Parameters<typeof parse>) => {
  const outcome = parse(...given)
  if (!outcome.ok) throw new ConfigError('test', outcome.faults)
  return outcome.config.providers
}

const federation = { credentials_source: 'workload_identity_federation' }
const key = { credentials_source: 'service_account_key', credentials_file: '/s/key.json' }

describe('AWS', () => {
  const sts = { mode: 'sts_assume_role', credentials_source: 'irsa' }

  it('takes jitsudo’s section as it was', () => {
    const section = {
      mode: 'sts_assume_role',
      role_arn_template: 'arn:aws:iam::{scope}:role/jitsudo-{role}',
      default_region: 'us-east-1',
      credentials_source: 'static',
    }
    expect(providersOf({ gcp: federation, aws: section }).aws).toEqual({
      mode: 'sts_assume_role',
      roleArnTemplate: 'arn:aws:iam::{scope}:role/jitsudo-{role}',
      defaultRegion: 'us-east-1',
      credentialsSource: 'static',
      sessionTags: 'required',
    })
  })

  it('takes jitsudo’s section of Identity Center as it was', () => {
    const section = {
      mode: 'identity_center',
      identity_store_id: 'd-1234567890',
      instance_arn: 'arn:aws:sso:::instance/ssoins-1234567890abcdef',
    }
    expect(providersOf({ gcp: federation, aws: section }).aws).toEqual({
      mode: 'identity_center',
      identityStoreId: 'd-1234567890',
      instanceArn: 'arn:aws:sso:::instance/ssoins-1234567890abcdef',
      defaultRegion: 'us-east-1',
      credentialsSource: 'static',
    })
  })

  it('takes its keys from a file or a variable, and keeps them out of log lines', () => {
    const fromFile = providersOf({
      gcp: federation,
      aws: { mode: 'sts_assume_role', credentials_file: '/s/aws' },
    })
    expect(fromFile.aws?.keys).toEqual({ accessKeyId: 'AKIA1', secretAccessKey: 'secret-of-a-user' })
    expect(cloudSecretTexts(fromFile)).toEqual(['secret-of-a-user'])
    const env = {
      GITSUDO_AWS_CREDENTIALS: files['/s/aws'] ?? '',
      GITSUDO_AWS_ENDPOINT_URL: 'http://[::1]:1/',
    }
    expect(providersOf({ gcp: federation, aws: { mode: 'sts_assume_role' } }, env).aws).toMatchObject({
      keys: fromFile.aws?.keys,
      endpoint: 'http://[::1]:1',
    })
  })

  it.each([
    ['no mode', {}, ['mode'], /sts_assume_role/],
    [
      'another source',
      { ...sts, credentials_source: 'luck' },
      ['credentials_source'],
      /must be one of static/,
    ],
    [
      'no such file',
      { ...sts, credentials_source: 'static', credentials_file: '/s/gone' },
      ['credentials_file'],
    ],
    [
      'no keys',
      { ...sts, credentials_source: 'static', credentials_file: '/s/note.txt' },
      ['credentials_file'],
      /aws configure/,
    ],
    [
      'keys that nobody asks for',
      { ...sts, credentials_file: '/s/aws' },
      ['credentials_file'],
      /credentials_source: static/,
    ],
    ['keys in the file', { ...sts, credentials: 'abc' }, ['credentials'], /does not belong here/],
    ['a region that is none', { ...sts, default_region: 'the moon' }, ['default_region'], /eu-central-1/],
    ['an external id of other letters', { ...sts, external_id: 'a b' }, ['external_id']],
    [
      'a template of no ARN',
      { ...sts, role_arn_template: 'jitsudo-{role}' },
      ['role_arn_template'],
      /arn:aws/,
    ],
    [
      'one role for all',
      { ...sts, role_arn_template: 'arn:aws:iam::{scope}:role/admin' },
      ['role_arn_template'],
      /\{role\}/,
    ],
    [
      'a manager of no ARN',
      { ...sts, manager_role_arn_template: '{scope}' },
      ['manager_role_arn_template'],
      /gitsudo-manager/,
    ],
    [
      'one manager for all accounts',
      { ...sts, manager_role_arn_template: 'arn:aws:iam::123456789012:role/gitsudo-manager' },
      ['manager_role_arn_template'],
      /\{scope\}/,
    ],
    ['no TLS', { ...sts, endpoint_url: 'http://aws.example' }, ['endpoint_url'], /https/],
    [
      'no instance',
      { mode: 'identity_center', identity_store_id: 'd-1234567890' },
      ['instance_arn'],
      /list-instances/,
    ],
    [
      'what Identity Center does not use',
      {
        mode: 'identity_center',
        identity_store_id: 'd-1234567890',
        instance_arn: 'arn:aws:sso:::instance/ssoins-1234567890abcdef',
        role_arn_template: 'arn:aws:iam::{scope}:role/jitsudo-{role}',
        manager_role_arn_template: 'arn:aws:iam::{scope}:role/gitsudo-manager',
        external_id: 'gitsudo',
        sessionTags: 'optional',
      },
      ['role_arn_template', 'manager_role_arn_template', 'external_id', 'sessionTags'],
      /is not for identity_center/,
    ],
    [
      'an instance that is none',
      { ...sts, instance_arn: 'ssoins-1' },
      ['instance_arn'],
      /ARN of an instance/,
    ],
    ['an unknown key', { ...sts, profile: '1' }, ['profile'], /write one of mode/],
  ] as const)('refuses %s', (_name, aws, keys, says: RegExp = /→/) => {
    const outcome = parse({ gcp: federation, aws })
    const faults = outcome.ok ? [] : outcome.faults
    expect(faults.map((fault) => fault.key)).toEqual(keys.map((name) => `providers.aws.${name}`))
    expect(new ConfigError('test', faults).message).toMatch(says)
    expect(JSON.stringify(outcome)).not.toMatch(/secret-of-a-user/)
  })
})

describe('Google Cloud', () => {
  it('takes jitsudo’s section as it was', () => {
    expect(providersOf({ gcp: { ...federation, condition_title_prefix: 'jitsudo' } })).toEqual({
      gcp: {
        credentialsSource: 'workload_identity_federation',
        conditionTitlePrefix: 'jitsudo',
        baseUrl: 'https://cloudresourcemanager.googleapis.com',
      },
    })
  })

  it('takes its secret from a file or a variable, and keeps it out of log lines', () => {
    const fromFile = providersOf({ gcp: key })
    expect(fromFile.gcp?.credentials).toMatchObject({ type: 'service_account', private_key: 'the key' })
    expect(cloudSecretTexts(fromFile)).toEqual(['the key'])
    const env = {
      GITSUDO_GCP_CREDENTIALS: files['/s/pool.json'] ?? '',
      GITSUDO_GCP_BASE_URL: 'http://[::1]:1/',
    }
    const fromEnv = providersOf({ gcp: federation }, env)
    expect(fromEnv.gcp).toMatchObject({ credentials: { audience: '//iam' }, baseUrl: 'http://[::1]:1' })
    expect(cloudSecretTexts(fromEnv)).toEqual(['pool secret'])
  })

  it.each([
    ['no source', {}, ['credentials_source']],
    ['another source', { credentials_source: 'luck' }, ['credentials_source'], /must be one of workload/],
    ['no key', { ...key, credentials_file: undefined }, ['credentials_file'], /GITSUDO_GCP_CREDENTIALS/],
    ['no such file', { ...key, credentials_file: '/s/gone' }, ['credentials_file'], /does not exist/],
    ['an empty file', { ...key, credentials_file: '/s/empty' }, ['credentials_file'], /is empty/],
    [
      'no JSON',
      { ...key, credentials_file: '/s/note.txt' },
      ['credentials_file'],
      /"service_account".*\n.*gcp\.md/,
    ],
    [
      'the other kind of file',
      { ...key, credentials_file: '/s/pool.json' },
      ['credentials_file'],
      /set providers\.gcp\.credentials_source/,
    ],
    ['a secret in the file', { ...key, credentials: 'abc' }, ['credentials'], /does not belong here/],
    ['a prefix of other letters', { ...key, condition_title_prefix: 'Git Sudo' }, ['condition_title_prefix']],
    [
      'a prefix that is too long',
      { ...key, condition_title_prefix: 'g'.repeat(41) },
      ['condition_title_prefix'],
    ],
    ['no TLS', { ...key, base_url: 'http://gcp.example' }, ['base_url'], /https/],
    ['an unknown key', { ...key, organisation: '1' }, ['organisation'], /write one of credentials_source/],
    [
      'two faults',
      { ...key, base_url: 'http://x.y', credentials_file: '/s/note.txt' },
      ['base_url', 'credentials_file'],
    ],
  ] as const)('refuses %s', (_name, gcp, keys, says: RegExp = /→/) => {
    const outcome = parse({ gcp })
    const faults = outcome.ok ? [] : outcome.faults
    expect(faults.map((fault) => fault.key)).toEqual(keys.map((name) => `providers.gcp.${name}`))
    expect(new ConfigError('test', faults).message).toMatch(says)
    expect(JSON.stringify(outcome)).not.toMatch(/the key|pool secret/)
  })
})

describe('Azure', () => {
  const ids = {
    tenant_id: '72f988bf-86f1-41af-91ab-2d7cd011db47',
    client_id: '3b1f7a52-6c1e-4f0e-9c55-0e6f4bb1a001',
  }
  const secret = { ...ids, credentials_source: 'client_secret', client_secret_file: '/s/secret' }
  const known = { tenantId: ids.tenant_id, clientId: ids.client_id }
  const addresses = {
    authorityHost: 'https://login.microsoftonline.com',
    baseUrl: 'https://management.azure.com',
  }

  it('takes the variable that AKS sets, jitsudo’s names and the public cloud’s addresses', () => {
    const { azure } = providersOf({ azure: ids }, { AZURE_FEDERATED_TOKEN_FILE: '/var/run/token' })
    expect(azure).toEqual({
      mode: 'role_assignment',
      credentialsSource: 'workload_identity',
      federatedTokenFile: '/var/run/token',
      ...known,
      ...addresses,
    })
  })

  it('takes its secret from a file or a variable, and keeps it out of log lines', () => {
    const fromFile = providersOf({ azure: { ...secret, mode: 'pim' } })
    expect(fromFile.azure).toMatchObject({ ...known, mode: 'pim', clientSecret: 'hush, hush, hush' })
    expect(cloudSecretTexts(fromFile)).toEqual(['hush, hush, hush'])
    const { client_secret_file: _, ...without } = secret
    expect(
      providersOf({ azure: without }, { AZURE_CLIENT_SECRET: 'sh, sh, sh, sh, sh' }).azure?.clientSecret,
    ).toBe('sh, sh, sh, sh, sh')
  })

  it('needs nothing more where the machine has an identity', () => {
    const azure = {
      credentials_source: 'managed_identity',
      base_url: 'https://management.usgovcloudapi.net/',
    }
    expect(providersOf({ azure }).azure).toEqual({
      mode: 'role_assignment',
      credentialsSource: 'managed_identity',
      ...addresses,
      baseUrl: 'https://management.usgovcloudapi.net',
    })
  })

  it.each([
    [
      'nothing',
      {},
      ['tenant_id', 'client_id', 'federated_token_file'],
      /let AKS set AZURE_FEDERATED_TOKEN_FILE/,
    ],
    [
      'no secret',
      { ...secret, client_secret_file: undefined },
      ['client_secret_file'],
      /AZURE_CLIENT_SECRET/,
    ],
    ['an empty file', { ...secret, client_secret_file: '/s/empty' }, ['client_secret_file'], /is empty/],
    ['a secret in the file', { ...secret, client_secret: 'hush' }, ['client_secret'], /does not belong here/],
    ['another mode', { ...secret, mode: 'luck' }, ['mode'], /must be one of role_assignment, pim/],
    ['no id', { ...secret, tenant_id: 'acme.example' }, ['tenant_id'], /must be a GUID/],
    ['no TLS', { ...secret, base_url: 'http://127.0.0.1:1' }, ['base_url'], /must be an https address/],
    [
      'what jitsudo had and nothing reads',
      { ...secret, default_subscription_id: ids.tenant_id, max_duration: '4h' },
      ['default_subscription_id', 'max_duration'],
      /every request names its scope[\s\S]*roles\.yaml/,
    ],
  ] as const)('refuses %s', (_name, azure, keys, says) => {
    const outcome = parse({ azure })
    const faults = outcome.ok ? [] : outcome.faults
    expect(faults.map((fault) => fault.key)).toEqual(keys.map((name) => `providers.azure.${name}`))
    expect(new ConfigError('test', faults).message).toMatch(says)
    expect(JSON.stringify(outcome)).not.toMatch(/hush/)
  })
})
