import { isDeepStrictEqual } from 'node:util'
import { kubernetesPlace, kubernetesRole, kubernetesSubject } from '../../grant/grantable/kubernetes.ts'
import { refusals } from '../../grant/grantable.ts'
import type { Intent } from '../../grant/intent.ts'
import { listPlaces } from '../listing.ts'
import type { Offer } from '../offer.ts'
import { type Binding, type Call, type Observation, type Provider, ProviderError } from '../port.ts'
import { createApi } from './api.ts'
import {
  bindingOf,
  differing,
  expiryOf,
  handleOf,
  isWhole,
  narrowed,
  type RbacBinding,
  roleText,
  seen,
  textOf,
  type Wanted,
} from './binding.ts'
import { checkKubernetes } from './check.ts'
import type { Connection } from './connection.ts'
import { TakenError, unlessForbidden } from './faults.ts'
import { untilInForce } from './in-force.ts'
import { createMarks } from './marks.ts'
import { createTokens } from './tokens.ts'

type KubernetesOptions = {
  readonly clusters: readonly {
    readonly name: string
    readonly connection: Connection
    /** Service accounts of `namespace` get tokens, for use at `server`. */
    readonly tokens?: { readonly namespace: string; readonly server: string }
  }[]
  /** The installation's name: bindings of another are strangers. */
  readonly instance: string
  readonly clock: { now(): number }
  /** What can be asked for, for `check`. */
  readonly offered: () => Promise<readonly Offer[]>
}

/**
 * Kubernetes: a grant is one RoleBinding or ClusterRoleBinding of its own, named and labelled with our mark. A cluster
 * ends nothing by itself: besides gitsudo, the reaper (deploy/kubernetes/reaper.yaml) takes away what is past its end.
 */
export const createKubernetes = (options: KubernetesOptions): Provider => {
  const { clock } = options
  const marks = createMarks(options.instance)
  const clusters = new Map(
    options.clusters.map(({ name, connection, tokens }) => {
      const api = createApi(name, connection)
      const given = tokens && { ...tokens, ...createTokens(api, tokens.namespace) }
      return [name, { name, api, connection, tokens: given }] as const
    }),
  )
  const clusterOf = (name: string) => {
    const cluster = clusters.get(name)
    if (cluster === undefined)
      throw new ProviderError('invalid', `kubernetes: cluster ${name} is not configured`)
    return cluster
  }
  type Cluster = ReturnType<typeof clusterOf>

  /** Creates it; where one of its name is that gives anything else, that one goes first. */
  const put = async ({ api }: Cluster, wanted: Wanted, { signal }: Call): Promise<void> => {
    const { name } = wanted.metadata
    const create = () => api.createBinding(wanted.place, bindingOf(wanted), signal)
    try {
      await create()
    } catch (error) {
      if (!(error instanceof TakenError)) throw error
      const there = await api.binding(wanted.place, name, signal)
      if (there !== undefined) {
        if (isWhole(there, wanted)) return
        await api.deleteBinding(wanted.place, name, signal, there.metadata?.uid)
      }
      await create()
    }
  }

  /** The tokens that a grant's requester gets, if any. */
  const tokensFor = (cluster: Cluster, { principal }: Intent) => {
    const subject = kubernetesSubject(principal)
    return subject?.kind === 'ServiceAccount' && subject.namespace === cluster.tokens?.namespace
      ? { subject, ...cluster.tokens }
      : undefined
  }

  const provider: Provider = {
    name: 'kubernetes',
    traits: { binding: true, marks: true, shared: false },
    // Reads are of the newest state. But a write whose caller has gone may still be carried out for as long as the
    // API server gives a request (kube-apiserver, `--request-timeout`: one minute).
    propagationMs: 60_000,
    account: (scope) => scope.split('/', 1).join(),
    bindingKey: (intent) => `${intent.scope}/${marks.nameOf(intent)}`,

    async inspect(intent, call) {
      const place = kubernetesPlace(intent.scope)
      if (place === undefined) return { kind: 'absent' }
      const there = await clusterOf(place.cluster).api.binding(place, marks.nameOf(intent), call.signal)
      return look(there, place.cluster, bindingFor(intent, marks.metadataOf(intent)))
    },

    async ensure(intent, call) {
      const wanted = wantedOf(intent, marks.metadataOf(intent))
      const { place, role, subject } = wanted
      if (clock.now() >= intent.endsAt) throw new ProviderError('invalid', 'kubernetes: the end has passed')
      const cluster = clusterOf(place.cluster)
      const rules = await cluster.api.rules(role, place, call.signal).catch(unlessForbidden)
      if (rules === undefined)
        throw new ProviderError('invalid', `kubernetes: ${intent.scope} has no ${role.kind} ${role.name}`)
      await tokensFor(cluster, intent)?.open(wanted.metadata, call)
      await put(cluster, wanted, call)
      const there = await cluster.api.binding(place, wanted.metadata.name, call.signal)
      if (there === undefined || !isWhole(there, wanted))
        throw new ProviderError(
          'unavailable',
          `kubernetes: written into ${intent.scope}, but not to be read yet`,
        )
      await untilInForce(cluster.api, place, subject, rules, call.signal)
      return seen(there, place.cluster, wanted)
    },

    async remove(intent, call) {
      const place = kubernetesPlace(intent.scope)
      // No write of ours can have gone there.
      if (place === undefined) return 'absent'
      const cluster = clusterOf(place.cluster)
      const name = marks.nameOf(intent)
      await cluster.api.deleteBinding(place, name, call.signal)
      const closed = (await tokensFor(cluster, intent)?.close(name, call)) ?? true
      const left = await cluster.api.binding(place, name, call.signal)
      return left === undefined && closed ? 'absent' : 'removing'
    },

    async list(call, intents) {
      const live = new Map(intents.map((intent) => [provider.bindingKey(intent), intent]))
      const read = async (cluster: string, signal: AbortSignal) => {
        const bindings = await clusterOf(cluster).api.bindings(signal)
        return bindings.flatMap((binding): readonly Binding[] => {
          const grant = marks.grantOf(binding.metadata ?? {})
          if (grant === undefined) return []
          const handle = handleOf(binding, cluster)
          const { namespace } = binding.metadata ?? {}
          const intent = live.get(handle)
          return [
            {
              grant,
              handle,
              principal: (binding.subjects ?? []).map(textOf).join(', '),
              role: roleText(binding.roleRef),
              scope: namespace === undefined ? cluster : `${cluster}/${namespace}`,
              expiresAt: expiryOf(binding),
              ...(intent && differing(binding, bindingFor(intent, marks.metadataOf(intent)))),
            },
          ]
        })
      }
      const places = new Set([...clusters.keys(), ...intents.map(({ scope }) => provider.account(scope))])
      return listPlaces([...places], (name) => name, read, call, clock.now())
    },

    async cutBack(intent, call) {
      const place = kubernetesPlace(intent.scope)
      if (place === undefined) return { kind: 'absent' }
      const { api } = clusterOf(place.cluster)
      const name = marks.nameOf(intent)
      const wanted = bindingFor(intent, marks.metadataOf(intent))
      const there = await api.binding(place, name, call.signal)
      if (there === undefined) return { kind: 'absent' }
      const narrow = wanted && narrowed(there, wanted)
      if (narrow === undefined) await api.deleteBinding(place, name, call.signal, there.metadata?.uid)
      else if (!isDeepStrictEqual(narrow, there)) await api.replaceBinding(place, name, narrow, call.signal)
      return look(await api.binding(place, name, call.signal), place.cluster, wanted)
    },

    async discard({ handle, lives = false }, call) {
      const parts = handle.split('/')
      const name = parts.at(-1) ?? ''
      const place = kubernetesPlace(parts.slice(0, -1).join('/'))
      if (place === undefined || marks.grantOf({ name }) === undefined) return 'absent'
      const { api, tokens } = clusterOf(place.cluster)
      await api.deleteBinding(place, name, call.signal)
      const closed = lives || ((await tokens?.close(name, call)) ?? true)
      const left = await api.binding(place, name, call.signal)
      return left === undefined && closed ? 'absent' : 'removing'
    },

    environment(intent) {
      const place = kubernetesPlace(intent.scope)
      const cluster = place && clusters.get(place.cluster)
      if (cluster !== undefined && tokensFor(cluster, intent) !== undefined) return undefined
      return {
        GITSUDO_K8S_ROLE: intent.cloudRole,
        ...(place?.namespace === undefined ? {} : { GITSUDO_K8S_NAMESPACE: place.namespace }),
      }
    },

    check: (call) => checkKubernetes([...clusters.values()], options.offered, call),
  }
  if (options.clusters.every(({ tokens }) => tokens === undefined)) return provider
  return {
    ...provider,
    async credentials(intent, _session, call) {
      const place = kubernetesPlace(intent.scope)
      const cluster = place && clusterOf(place.cluster)
      const tokens = cluster && tokensFor(cluster, intent)
      if (place === undefined || cluster === undefined || tokens === undefined)
        throw new ProviderError(
          'invalid',
          `on ${intent.scope} the grant is for your own identity, ${intent.principal}: there are no credentials to pass on, run the command as yourself`,
        )
      const now = clock.now()
      if (now >= intent.endsAt) throw new ProviderError('invalid', 'kubernetes: the end has passed')
      const at = { place, server: tokens.server, connection: cluster.connection }
      return tokens.give(tokens.subject, marks.nameOf(intent), intent.endsAt, now, at, call)
    },
  }
}

const look = (there: RbacBinding | undefined, cluster: string, wanted: Wanted | undefined): Observation =>
  there === undefined ? { kind: 'absent' } : seen(there, cluster, wanted)

/** The binding that an intent asks for; undefined: nothing that a cluster could hold. */
const bindingFor = (
  { scope, cloudRole, principal }: Intent,
  metadata: Wanted['metadata'],
): Wanted | undefined => {
  const place = kubernetesPlace(scope)
  const role = kubernetesRole(cloudRole)
  const subject = kubernetesSubject(principal)
  return place && role && subject && { place, role, subject, metadata }
}

/** The same, where a cluster takes it. @throws ProviderError `invalid` */
const wantedOf = (intent: Intent, metadata: Wanted['metadata']): Wanted => {
  const [refusal] = refusals('kubernetes', intent)
  const wanted = bindingFor(intent, metadata)
  if (refusal !== undefined || wanted === undefined)
    throw new ProviderError('invalid', `kubernetes: ${refusal?.had ?? intent.scope}`)
  return wanted
}
