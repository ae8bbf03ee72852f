import { gcpMember, gcpResource } from '../../grant/grantable/gcp.ts'
import { refusals } from '../../grant/grantable.ts'
import type { Intent } from '../../grant/intent.ts'
import { cloudName, parseRequestId } from '../../request/id.ts'
import { listPlaces } from '../listing.ts'
import { base32 } from '../mark.ts'
import type { Offer } from '../offer.ts'
import { type Binding, type Observation, type Provider, ProviderError } from '../port.ts'
import { createApi, type Resource } from './api.ts'
import { checkGcp } from './check.ts'
import { createAuthorise, type GcpCredentials } from './credentials.ts'
import {
  differing,
  expiryOf,
  fullFor,
  narrowed,
  type Policy,
  seen,
  type Wanted,
  withBinding,
  without,
  withoutExpired,
} from './policy.ts'
import { createWriter } from './writer.ts'

type GcpOptions = GcpCredentials & {
  readonly conditionTitlePrefix: string
  /** The Resource Manager API, without a trailing slash. */
  readonly baseUrl: string
  /** The installation's name: bindings of another are strangers. */
  readonly instance: string
  readonly clock: { now(): number }
  /** What can be asked for, for `check`. */
  readonly offered: () => Promise<readonly Offer[]>
}

/**
 * Google Cloud: a grant is one binding in the allow policy of a project, folder or organisation, under a condition
 * that Google itself lets run out at the grant's end. Its title is our mark. Users act as themselves: there are no
 * credentials to give, only where to go.
 */
export const createGcp = (options: GcpOptions): Provider => {
  const { clock } = options
  const api = createApi({ baseUrl: options.baseUrl, authorise: createAuthorise(options) })
  const writer = createWriter(api, clock)
  const prefix = `${options.conditionTitlePrefix}-${base32(options.instance)}-`
  const titleOf = ({ grant }: Intent): string => `${prefix}${cloudName(grant)}`
  const handleOf = (resource: string, title: string): string => `${resource} ${title}`
  const look = (policy: Policy, resource: string, title: string, wanted?: Wanted): Observation =>
    seen(policy, title, handleOf(resource, title), wanted)

  return {
    name: 'gcp',
    traits: { binding: true, marks: true, shared: false },
    // "Policy changes typically take effect within 2 minutes, but can take 7 minutes or more" (IAM docs).
    propagationMs: 7 * 60_000,
    account: (scope) => scope,
    bindingKey: (intent) => handleOf(intent.scope, titleOf(intent)),

    async limits({ scope }, call) {
      const resource = gcpResource(scope)
      if (resource === undefined) return () => []
      const policy = await api.policy(resource, call.signal)
      return ({ principal, cloudRole: role, startsAt }) => {
        const member = gcpMember(principal)
        // Those of ours that will have ended by then are taken out with the write that gives.
        const then = withoutExpired(policy, prefix, startsAt)
        const full = member === undefined ? undefined : fullFor(resource, then, { role, member })
        return full === undefined ? [] : [full]
      }
    },

    async inspect(intent, call) {
      const resource = gcpResource(intent.scope)
      if (resource === undefined) return { kind: 'absent' }
      const title = titleOf(intent)
      return look(await api.policy(resource, call.signal), resource, title, bindingOf(intent, title))
    },

    async ensure(intent, call) {
      const { resource, wanted } = wantedOf(intent, titleOf(intent))
      if (clock.now() >= intent.endsAt) throw new ProviderError('invalid', 'gcp: the end has passed')
      const policy = await writer.change(
        resource,
        (before) => {
          const tidy = withoutExpired(before, prefix, clock.now())
          const after = withBinding(tidy, wanted)
          if (after === tidy) return before
          const full = fullFor(resource, without(tidy, wanted.title), wanted)
          if (full !== undefined) throw new ProviderError('invalid', `gcp: ${full.had}`)
          return after
        },
        call,
      )
      const there = look(policy, resource, wanted.title, wanted)
      if (there.kind === 'present') return there
      throw new ProviderError('unavailable', `gcp: written into ${resource}, but not to be read yet`)
    },

    async remove(intent, call) {
      const resource = gcpResource(intent.scope)
      // No write of ours can have gone there.
      if (resource === undefined) return 'absent'
      const title = titleOf(intent)
      // A read may lag behind the write that gave it. Past its end the binding gives nothing; before it, what is read
      // as absent counts once the etag has proved the read.
      const proven = clock.now() < intent.endsAt
      const policy = await writer.change(
        resource,
        (before) => {
          const after = without(before, title)
          return after === before ? before : withoutExpired(after, prefix, clock.now())
        },
        call,
        proven,
      )
      return look(policy, resource, title).kind === 'absent' ? 'absent' : 'removing'
    },

    async list(call, intents) {
      const live = new Map(intents.map((intent) => [titleOf(intent), intent]))
      const scopes = new Set(intents.flatMap(({ scope }) => gcpResource(scope) ?? []))
      const shown = await api.resources(call.signal)
      const names = new Set(shown.flatMap(({ name, number }) => [name, number]))
      // Google shows what gitsudo may see, and a grant may be in what it may not.
      const hidden = [...scopes].flatMap((name) => (names.has(name) ? [] : [{ name }]))
      const resources: readonly Resource[] = [...shown, ...hidden]
      const read = async ({ name, number }: Resource, signal: AbortSignal) => {
        const policy = await api.policy(name, signal).catch(ifGone)
        return (policy?.bindings ?? []).flatMap((binding): readonly Binding[] => {
          const title = binding.condition?.title ?? ''
          const grant = title.startsWith(prefix) ? parseRequestId(title.slice(prefix.length)) : undefined
          if (grant === undefined) return []
          const intent = live.get(title)
          // A request may name the project either way, and its place is named as it did.
          const here = intent !== undefined && [name, number].includes(intent.scope) ? intent : undefined
          const scope = here?.scope ?? name
          const differs = here === undefined ? undefined : differing(binding, bindingOf(here, title))
          return [
            {
              grant,
              handle: handleOf(scope, title),
              principal: (binding.members ?? []).join(', '),
              role: binding.role ?? '',
              scope,
              expiresAt: expiryOf(binding),
              ...(differs === undefined ? {} : { differs }),
            },
          ]
        })
      }
      const listing = await listPlaces(resources, ({ name }) => name, read, call, clock.now())
      // Grants may name it the other way.
      const numbers = new Map(resources.map(({ name, number }) => [name, number]))
      const others = listing.unread.flatMap((one) => {
        const place = numbers.get(one.place)
        return place !== undefined && scopes.has(place) ? [{ ...one, place }] : []
      })
      return { ...listing, unread: [...listing.unread, ...others] }
    },

    async cutBack(intent, call) {
      const resource = gcpResource(intent.scope)
      const title = titleOf(intent)
      const wanted = bindingOf(intent, title)
      if (resource === undefined) return { kind: 'absent' }
      const narrow = (before: Policy) =>
        wanted === undefined ? without(before, title) : narrowed(before, wanted)
      return look(await writer.change(resource, narrow, call), resource, title, wanted)
    },

    async discard({ handle }, call) {
      const [name = '', title = ''] = handle.split(' ')
      const resource = gcpResource(name)
      if (resource === undefined || !title.startsWith(prefix)) return 'absent'
      const policy = await writer.change(resource, (before) => without(before, title), call, true)
      return look(policy, resource, title).kind === 'absent' ? 'absent' : 'removing'
    },

    // Properties of gcloud by their variables; the first is what Google's libraries read.
    environment({ scope, principal }) {
      const [, project] = /^projects\/(.+)$/.exec(scope) ?? []
      const [, account] = /^user:(.+)$/.exec(gcpMember(principal) ?? '') ?? []
      return {
        ...(project === undefined ? {} : { GOOGLE_CLOUD_PROJECT: project, CLOUDSDK_CORE_PROJECT: project }),
        ...(account === undefined ? {} : { CLOUDSDK_CORE_ACCOUNT: account }),
      }
    },

    check: (call) => checkGcp(api, options.offered, call),
  }
}

/** What an intent asks for; undefined: nothing that Google Cloud could hold. */
const bindingOf = ({ principal, cloudRole: role, endsAt }: Intent, title: string): Wanted | undefined => {
  const member = gcpMember(principal)
  return member === undefined ? undefined : { title, role, member, endsAt }
}

/** The same, where the cloud takes it. @throws ProviderError `invalid` */
const wantedOf = (intent: Intent, title: string): { readonly resource: string; readonly wanted: Wanted } => {
  const [refusal] = refusals('gcp', intent)
  const resource = gcpResource(intent.scope)
  const wanted = bindingOf(intent, title)
  if (refusal !== undefined || resource === undefined || wanted === undefined)
    throw new ProviderError('invalid', `gcp: ${refusal?.had ?? intent.scope}`)
  return { resource, wanted }
}

/** What went while it was listed holds nothing. */
const ifGone = (error: unknown): undefined => {
  if (error instanceof ProviderError && error.kind === 'not_found') return undefined
  throw error
}
