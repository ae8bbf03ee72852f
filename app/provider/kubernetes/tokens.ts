import type { KubernetesPlace } from '../../grant/grantable/kubernetes.ts'
import { type Call, type Credentials, ProviderError } from '../port.ts'
import type { Api } from './api.ts'
import type { Metadata } from './binding.ts'
import { type Connection, read } from './connection.ts'
import { TakenError } from './faults.ts'

/** "May not specify a duration less than 10 minutes" (TokenRequest API). */
const leastSeconds = 600

/**
 * Tokens of service accounts. Each is bound to its grant's Secret, which holds nothing: with the Secret it dies, long
 * before its time where that is the ten minutes that it lasts at least.
 */
export const createTokens = (api: Api, namespace: string) => ({
  /** Made before the binding, and nowhere else: who asks late finds none, and gets no token. */
  async open({ name, labels, annotations }: Metadata, { signal }: Call): Promise<void> {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, labels, annotations },
      type: 'gitsudo.dev/grant',
      immutable: true,
    }
    await api.createSecret(namespace, secret, signal).catch((error: unknown) => {
      if (!(error instanceof TakenError)) throw error
    })
  },

  /** Whether it is gone. Reading it back would take the right to read every Secret there; a second removal tells too. */
  async close(name: string, { signal }: Call): Promise<boolean> {
    return (
      !(await api.deleteSecret(namespace, name, signal)) || !(await api.deleteSecret(namespace, name, signal))
    )
  },

  /**
   * @param until the grant's end, epoch milliseconds
   * @param server where the requester reaches the API server
   */
  async give(
    account: { readonly namespace: string; readonly name: string },
    secret: string,
    until: number,
    now: number,
    at: { readonly place: KubernetesPlace; readonly server: string; readonly connection: Connection },
    { signal }: Call,
  ): Promise<Credentials> {
    const expirationSeconds = Math.max(leastSeconds, Math.floor((until - now) / 1000))
    const spec = { expirationSeconds, boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: secret } }
    const { status } = await api.token(account, spec, signal)
    const expiry = Date.parse(status?.expirationTimestamp ?? '')
    if (status?.token === undefined || Number.isNaN(expiry))
      throw new ProviderError('unknown', `kubernetes: ${at.place.cluster} answered without a token`)
    const ca = await read(at.connection.ca)
    return {
      environment: {},
      files: {
        KUBECONFIG: kubeconfig(at.place, at.server, ca, at.connection.serverName, account.name, status.token),
      },
      expiresAt: Math.min(expiry, until),
    }
  },
})

/** JSON, which YAML includes. */
const kubeconfig = (
  { cluster, namespace }: KubernetesPlace,
  server: string,
  ca: string | undefined,
  serverName: string | undefined,
  user: string,
  token: string,
): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': cluster,
    contexts: [
      { name: cluster, context: { cluster, user, ...(namespace === undefined ? {} : { namespace }) } },
    ],
    clusters: [
      {
        name: cluster,
        cluster: {
          server,
          ...(serverName === undefined ? {} : { 'tls-server-name': serverName }),
          ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
        },
      },
    ],
    users: [{ name: user, user: { token } }],
  })
