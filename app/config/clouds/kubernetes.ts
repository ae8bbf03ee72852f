import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Configured } from '../../grant/configured.ts'
import { about } from '../about.ts'
import type { ConfigFault } from '../fault.ts'
import { isBare } from '../loopback.ts'
import { type ClusterConnection, connectionFrom } from './kubeconfig.ts'

const key = 'providers.kubernetes'
const label = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be 1 to 63 of a-z, 0-9 and hyphen, no hyphen at an end',
  )

const clusterSchema = z.strictObject({
  name: label.meta(about('What scopes call the cluster: `NAME` or `NAME/NAMESPACE`.', 'production')),
  context: z
    .string()
    .min(1)
    .optional()
    .meta(about('Its context in the kubeconfig.', 'gitsudo@production', { shown: 'the cluster’s `name`' })),
  in_cluster: z
    .boolean()
    .default(false)
    .meta(about('The cluster that gitsudo itself runs in, by its pod’s service account.', 'true')),
  token_namespace: label
    .optional()
    .meta(
      about(
        'The namespace of the service accounts for which `gitsudo exec` gets tokens. Without it everybody acts as himself.',
        'people',
      ),
    ),
  token_server: z
    .url({ protocol: /^https?$/, error: 'must be an http(s) address' })
    .optional()
    .meta(
      about('Where requesters with such a token reach the API server.', 'https://k8s.acme.example:6443', {
        shown: 'where gitsudo reaches it',
      }),
    ),
})
type ClusterSection = z.output<typeof clusterSchema>

/** Kubernetes' section. */
export const kubernetesSchema = z
  .strictObject({
    kubeconfig_file: z
      .string()
      .min(1)
      .optional()
      .meta(
        about('A kubeconfig with a context for each cluster.', '/run/secrets/kubeconfig', {
          env: 'GITSUDO_KUBERNETES_KUBECONFIG_FILE',
        }),
      ),
    clusters: z
      .array(clusterSchema)
      .min(1)
      .meta(about('The clusters that scopes may name.', '- {name: production}')),
  })
  .meta(about('Kubernetes (docs/providers/kubernetes.md).', '{clusters: [{name: home, in_cluster: true}]}'))

type KubernetesSection = z.output<typeof kubernetesSchema>

/** The section once read, with what the kubeconfig says of each cluster. */
export type KubernetesSettings = {
  readonly clusters: readonly {
    readonly name: string
    readonly connection: ClusterConnection
    /** Service accounts there get tokens, for use at `server`. */
    readonly tokens?: { readonly namespace: string; readonly server: string }
  }[]
}

/** What every pod finds (Kubernetes docs, "Accessing the Kubernetes API from a Pod"). */
const mounted = '/var/run/secrets/kubernetes.io/serviceaccount'
const home: ClusterConnection = {
  server: 'https://kubernetes.default.svc',
  ca: { file: `${mounted}/ca.crt` },
  token: { file: `${mounted}/token` },
}

/** What must agree between the section and the kubeconfig; its secrets are in none of the faults. */
export const kubernetesFaults = (
  { clusters }: KubernetesSection,
  kubeconfig: string | undefined,
): readonly ConfigFault[] =>
  clusters.flatMap((cluster, index) => {
    const at = `${key}.clusters[${index}]`
    const faults: ConfigFault[] = []
    const first = clusters.findIndex(({ name }) => name === cluster.name)
    if (first < index)
      faults.push({
        key: `${at}.name`,
        message: `is that of clusters[${first}]`,
        remedy: 'name each cluster once',
      })
    if (cluster.in_cluster && cluster.context !== undefined)
      faults.push({
        key: `${at}.context`,
        message: 'is set beside in_cluster',
        remedy: 'keep one of them',
      })
    if (cluster.in_cluster && cluster.token_namespace !== undefined && cluster.token_server === undefined)
      faults.push({
        key: `${at}.token_server`,
        message: 'is missing: requesters do not reach the cluster from within',
        remedy: 'name the address that they use',
      })
    if (cluster.token_server !== undefined && cluster.token_namespace === undefined)
      faults.push({
        key: `${at}.token_server`,
        message: 'is set, and no tokens are given out',
        remedy: 'set token_namespace, or remove it',
      })
    if (cluster.token_server !== undefined && isBare(cluster.token_server))
      faults.push({
        key: `${at}.token_server`,
        message: 'would carry tokens without TLS',
        remedy: 'write https://',
      })
    const found = connectionOf(cluster, kubeconfig)
    if ('fault' in found && kubeconfig !== '')
      faults.push({
        key: kubeconfig === undefined ? `${key}.kubeconfig_file` : `${at}.context`,
        message: found.fault,
        remedy: found.remedy,
      })
    return faults
  })

export const kubernetesSettings = (
  { clusters }: KubernetesSection,
  kubeconfig: string | undefined,
): KubernetesSettings => ({
  clusters: clusters.flatMap((cluster) => {
    const found = connectionOf(cluster, kubeconfig)
    if ('fault' in found) return []
    const { token_namespace: namespace, token_server: server = found.server } = cluster
    return [
      {
        name: cluster.name,
        connection: found,
        ...(namespace === undefined ? {} : { tokens: { namespace, server: server.replace(/\/+$/, '') } }),
      },
    ]
  }),
})

/**
 * What the place of a cluster's grants is derived from: where its API server is, and who vouches for it. One authority can
 * vouch for many clusters, and one address can become another's.
 */
export const kubernetesConfigured = ({ clusters }: KubernetesSettings): Configured =>
  Object.fromEntries(
    clusters.flatMap(({ name, connection: { ca, server } }) => {
      const authorities = authoritiesIn(ca)
      // A bundle of many vouches for others too.
      const own = authorities.length > 0 && authorities.length < 5
      return [
        ...(own ? [[`clusters.${name}.ca`, authorities.join(' ')]] : []),
        [`clusters.${name}.server`, server],
      ]
    }),
  )

/** The certificates' SHA-256 fingerprints. */
const authoritiesIn = (ca: ClusterConnection['ca']): readonly string[] =>
  [...pemOf(ca).matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END/g)].map(
    ([, text = '']) => `sha256:${hash('sha256', Buffer.from(text, 'base64'), 'hex')}`,
  )

const pemOf = (ca: ClusterConnection['ca']): string => {
  if (ca === undefined || 'text' in ca) return ca?.text ?? ''
  try {
    return readFileSync(ca.file, 'utf8')
  } catch {
    // Every call to that cluster says so.
    return ''
  }
}

/** What no log line may show. */
export const kubernetesSecretTexts = ({ clusters }: KubernetesSettings): readonly string[] =>
  clusters
    .flatMap(({ connection: { token, key: privateKey } }) => [token, privateKey])
    .flatMap((held) => (held !== undefined && 'text' in held ? [held.text] : []))

const connectionOf = (cluster: ClusterSection, kubeconfig: string | undefined) => {
  if (cluster.in_cluster) return home
  if (kubeconfig === undefined)
    return {
      fault: `is missing, and cluster ${cluster.name} is not the one that gitsudo runs in`,
      remedy: 'name a kubeconfig, set GITSUDO_KUBERNETES_KUBECONFIG, or set in_cluster: true',
    }
  return connectionFrom(kubeconfig, cluster.context ?? cluster.name)
}
