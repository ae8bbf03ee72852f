import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { Intent } from '../../app/grant/intent.ts'
import { createIdentityCenter } from '../../app/provider/aws/identity-center.ts'
import type { Records } from '../../app/provider/aws/records.ts'
import { createSts } from '../../app/provider/aws/sts.ts'
import { createAzure } from '../../app/provider/azure/azure.ts'
import { createGcp } from '../../app/provider/gcp/gcp.ts'
import { createKubernetes } from '../../app/provider/kubernetes/kubernetes.ts'
import type { Provider } from '../../app/provider/port.ts'
import { inTurn } from '../../app/reconcile/in-turn.ts'
import { startAws } from '../../app/sandbox/clouds/aws/start.ts'
import { startAzure } from '../../app/sandbox/clouds/azure/start.ts'
import { startGcp } from '../../app/sandbox/clouds/gcp/start.ts'
import { startKubernetes } from '../../app/sandbox/clouds/kubernetes/start.ts'

/** A cloud's double with one account, subscription, project or cluster, and gitsudo's provider on it. */
export type World = {
  readonly provider: Provider
  /** What the n-th grant is for. */
  of(n: number): Pick<Intent, 'provider' | 'principal' | 'cloudRole' | 'scope'>
  /** How long its grants last, in milliseconds, where it gives nothing for as short as the others; it ends them itself. */
  readonly lifeMs?: number
  /** Calls that the double has answered. */
  calls(): number
  close(): Promise<void>
}
type Given = { readonly clock: { now(): number }; readonly latencyMs: number; readonly instance: string }

const total = (calls: ReadonlyMap<string, number>) => [...calls.values()].reduce((sum, one) => sum + one, 0)
const account = '123456789012'
const self = `arn:aws:iam::${account}:user/gitsudo`
const allow = (Action: readonly string[]) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource: ['*'] }],
})

const identityCenter = async ({ clock, latencyMs }: Given): Promise<World> => {
  const aws = await startAws({ clock, latencyMs })
  const permissionSet = 'arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1234567890abcdef'
  const people = new Map<number, string>()
  const personOf = (n: number): string => {
    const known = people.get(n) ?? aws.identityCenter.addUser(`person-${n}@example.com`)
    people.set(n, known)
    return known
  }
  return {
    provider: createIdentityCenter({
      credentialsSource: 'static',
      keys: aws.addUser(self, allow(['sso:*', 'identitystore:*'])),
      instanceArn: 'arn:aws:sso:::instance/ssoins-1234567890abcdef',
      identityStoreId: 'd-1234567890',
      defaultRegion: 'us-east-1',
      endpoint: aws.url,
      clock,
      records: { offered: async () => [] },
    }),
    of: (n) => ({ provider: 'aws', principal: personOf(n), cloudRole: permissionSet, scope: account }),
    calls: () => total(aws.calls),
    close: () => aws.close(),
  }
}

const roles = 50
/** Every grant's credentials have been given out, so that its revocation has something to refuse. */
const sts = async ({ clock, latencyMs, instance }: Given): Promise<World> => {
  const aws = await startAws({ clock, latencyMs })
  const keys = aws.addUser(self, allow(['sts:*', 'iam:*']))
  const trust = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: self },
        Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
      },
    ],
  }
  for (let n = 0; n < roles; n++) aws.addRole(`arn:aws:iam::${account}:role/role-${n}`, trust, 43_200)
  const turns = new Map<string, ReturnType<typeof inTurn>>()
  const records: Records = {
    wasGiven: async () => true,
    denied: async () => [],
    offered: async () => [],
    exclusive({ arn }, _signal, work) {
      const turn = turns.get(arn) ?? inTurn()
      turns.set(arn, turn)
      return turn(work)
    },
  }
  return {
    provider: createSts({
      credentialsSource: 'static',
      keys,
      roleArnTemplate: 'arn:aws:iam::{scope}:role/{role}',
      defaultRegion: 'us-east-1',
      sessionTags: 'required',
      endpoint: aws.url,
      instance,
      clock,
      log: { warn: () => undefined },
      records,
    }),
    of: (n) => ({
      provider: 'aws',
      principal: `person-${n}@example.com`,
      cloudRole: `role-${n % roles}`,
      scope: account,
    }),
    calls: () => total(aws.calls),
    close: () => aws.close(),
  }
}

/** More than PIM's five minutes; each grant is looked at once before its end. */
const pimLifeMs = 400_000

const azureBy =
  (mode: 'role_assignment' | 'pim') =>
  async ({ clock, latencyMs, instance }: Given): Promise<World> => {
    const double = await startAzure({ clock, latencyMs })
    setDefaultCACertificates([...getCACertificates('bundled'), double.certificate])
    const scope = '/subscriptions/8b9f6c1e-3c55-4a1e-9f6e-0a4f1f0c2d11'
    double.addScope(scope)
    return {
      provider: createAzure({
        mode,
        credentialsSource: 'client_secret',
        ...double.entra.secretApp(),
        tenantId: double.entra.tenant,
        authorityHost: double.url,
        baseUrl: double.url,
        instance,
        clock,
        offered: async () => [],
      }),
      of: (n) => ({
        provider: 'azure',
        principal: `4c1d7d1e-0b8f-4b53-9d0a-${String(n).padStart(12, '0')}`,
        cloudRole: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
        scope,
      }),
      ...(mode === 'pim' ? { lifeMs: pimLifeMs } : {}),
      calls: () => total(double.calls),
      close: () => double.close(),
    }
  }

/** Two writers on one policy, as two replicas have them: each grant is one's, and they fight for its etag. */
const gcp = async ({ clock, latencyMs, instance }: Given): Promise<World> => {
  const double = await startGcp({ clock, latencyMs })
  double.addResource('projects/example-prod')
  const credentials = double.serviceAccountKey('gitsudo@gitsudo-home.iam.gserviceaccount.com')
  const replica = () =>
    createGcp({
      credentialsSource: 'service_account_key',
      credentials,
      conditionTitlePrefix: 'gitsudo',
      baseUrl: double.url,
      instance,
      clock,
      offered: async () => [],
    })
  const [one, other] = [replica(), replica()]
  const of = ({ pull }: Intent): Provider => (pull % 2 === 0 ? one : other)
  return {
    provider: {
      ...one,
      inspect: (intent, call) => of(intent).inspect(intent, call),
      ensure: (intent, call) => of(intent).ensure(intent, call),
      remove: (intent, call) => of(intent).remove(intent, call),
    },
    of: (n) => ({
      provider: 'gcp',
      principal: `person-${n}@example.com`,
      cloudRole: 'roles/compute.viewer',
      scope: 'projects/example-prod',
    }),
    calls: () => total(double.calls),
    close: () => double.close(),
  }
}

const kubernetes = async ({ clock, latencyMs, instance }: Given): Promise<World> => {
  const double = await startKubernetes({ clock, latencyMs })
  double.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'checkout' } })
  double.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'view' },
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
  })
  const token = double.tokenOf('gitsudo', ['system:masters'])
  return {
    provider: createKubernetes({
      clusters: [{ name: 'production', connection: { server: double.url, token: { text: token } } }],
      instance,
      clock,
      offered: async () => [],
    }),
    of: (n) => ({
      provider: 'kubernetes',
      principal: `person-${n}@example.com`,
      cloudRole: 'view',
      scope: 'production/checkout',
    }),
    calls: () => total(double.calls),
    close: () => double.close(),
  }
}

/** `aws-sts`: what is measured of it besides its ends, which need no call, are revocations before them. */
export const worlds = {
  'aws-identity-center': identityCenter,
  'aws-sts': sts,
  azure: azureBy('role_assignment'),
  'azure-pim': azureBy('pim'),
  gcp,
  kubernetes,
} as const
