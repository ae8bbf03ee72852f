import { load, YAMLException } from 'js-yaml'
import { z } from 'zod'
import { isBare } from '../loopback.ts'

/** A text, or the file that holds it, read anew for each use: what rotates is found there. */
type Held = { readonly text: string } | { readonly file: string }

/** How gitsudo reaches one cluster and who it is there. `server` has no trailing slash. */
export type ClusterConnection = {
  readonly server: string
  readonly serverName?: string
  readonly ca?: Held
  readonly token?: Held
  readonly certificate?: Held
  readonly key?: Held
}

type Refusal = { readonly fault: string; readonly remedy: string }

const text = z.string().min(1)
const named = <T extends z.ZodRawShape>(shape: T) => z.array(z.object({ name: text, ...shape }))
/** The parts of a kubeconfig (Kubernetes docs, "kubeconfig (v1)") that say where and who. */
const schema = z.object({
  contexts: named({ context: z.object({ cluster: text, user: text }) }),
  clusters: named({
    cluster: z.object({
      server: z.url({ protocol: /^https?$/ }),
      'tls-server-name': text.optional(),
      'certificate-authority': text.optional(),
      'certificate-authority-data': text.optional(),
      'insecure-skip-tls-verify': z.boolean().optional(),
      'proxy-url': text.optional(),
    }),
  }),
  users: named({
    user: z.looseObject({
      token: text.optional(),
      tokenFile: text.optional(),
      'client-certificate': text.optional(),
      'client-certificate-data': text.optional(),
      'client-key': text.optional(),
      'client-key-data': text.optional(),
    }),
  }),
})

/** Ways to be somebody that run programs, are no secret of one service, or are somebody else. */
const unserved = ['exec', 'auth-provider', 'username', 'password', 'as', 'as-uid', 'as-groups']

/** What a kubeconfig says of a context, or why that cannot be used; no secret is in the words. */
export const connectionFrom = (kubeconfig: string, wanted: string): ClusterConnection | Refusal => {
  const read = schema.safeParse(parsed(kubeconfig))
  if (!read.success) {
    const at = read.error.issues[0]?.path.join('.') ?? ''
    return refusal(`cannot be looked up: the kubeconfig is none${at === '' ? '' : ` (see ${at} in it)`}`)
  }
  const { contexts, clusters, users } = read.data
  const context = contexts.find(({ name }) => name === wanted)?.context
  if (context === undefined)
    return {
      fault: `is not in the kubeconfig: it has no context ${wanted}`,
      remedy: `write one of ${contexts.map(({ name }) => name).join(', ')}`,
    }
  const cluster = clusters.find(({ name }) => name === context.cluster)?.cluster
  const user = users.find(({ name }) => name === context.user)?.user
  if (cluster === undefined || user === undefined)
    return refusal(`leads nowhere: the kubeconfig lacks the cluster or the user of context ${wanted}`)
  if (cluster['insecure-skip-tls-verify'] === true || isBare(cluster.server))
    return refusal(`would carry tokens to whoever answers: ${context.cluster} is not verified by TLS`)
  if (cluster['proxy-url'] !== undefined) return refusal(`goes through a proxy, which gitsudo does not`)
  const odd = unserved.find((name) => user[name] !== undefined)
  if (odd !== undefined) return refusal(`uses ${odd}, which gitsudo does not`)
  const connection = {
    server: cluster.server.replace(/\/+$/, ''),
    ...(cluster['tls-server-name'] === undefined ? {} : { serverName: cluster['tls-server-name'] }),
    ...held('ca', cluster['certificate-authority-data'], cluster['certificate-authority']),
    ...(user.token === undefined
      ? held('token', undefined, user.tokenFile)
      : { token: { text: user.token } }),
    ...held('certificate', user['client-certificate-data'], user['client-certificate']),
    ...held('key', user['client-key-data'], user['client-key']),
  }
  const relative = Object.values(connection).find(
    (one) => typeof one === 'object' && 'file' in one && !one.file.startsWith('/'),
  )
  if (relative !== undefined) return refusal(`names files by paths that do not begin with /`)
  if (
    connection.token === undefined &&
    (connection.certificate === undefined || connection.key === undefined)
  )
    return refusal(
      `says not who gitsudo is: ${context.user} has neither a token nor a certificate with its key`,
    )
  return connection
}

const refusal = (fault: string): Refusal => ({
  fault,
  remedy: 'docs/providers/kubernetes.md says how to make a kubeconfig for gitsudo',
})

const held = <K extends 'ca' | 'token' | 'certificate' | 'key'>(
  name: K,
  data: string | undefined,
  file: string | undefined,
): { readonly [P in K]?: Held } => {
  const found: Held | undefined =
    data !== undefined
      ? { text: Buffer.from(data, 'base64').toString('utf8') }
      : file !== undefined
        ? { file }
        : undefined
  return (found === undefined ? {} : { [name]: found }) as { readonly [P in K]?: Held }
}

const parsed = (kubeconfig: string): unknown => {
  try {
    return load(kubeconfig)
  } catch (error) {
    if (error instanceof YAMLException) return undefined
    throw error
  }
}
