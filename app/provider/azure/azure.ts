import { azureScope } from '../../grant/grantable/azure.ts'
import { refusals } from '../../grant/grantable.ts'
import type { Intent } from '../../grant/intent.ts'
import { parseRequestId } from '../../request/id.ts'
import { eachOf } from '../each-of.ts'
import { listPlaces } from '../listing.ts'
import { base32 } from '../mark.ts'
import type { Offer } from '../offer.ts'
import { type Binding, type Call, type Observation, type Provider, ProviderError } from '../port.ts'
import { createApi } from './api.ts'
import { checkAzure } from './check.ts'
import type { AzureCredentials } from './credentials.ts'
import { createDiffering } from './differing.ts'
import { codeOf } from './faults.ts'
import { guidOf } from './guid.ts'
import type { Held } from './held.ts'
import { createPim } from './pim.ts'
import { createRoleAssignments } from './role-assignments.ts'
import { type Wanted, wantedOf } from './wanted.ts'

type AzureOptions = AzureCredentials & {
  readonly mode: 'role_assignment' | 'pim'
  /** Resource Manager, without a trailing slash. */
  readonly baseUrl: string
  /** The installation's name: assignments of another are strangers. */
  readonly instance: string
  readonly clock: { now(): number }
  /** What can be asked for, for `check`. */
  readonly offered: () => Promise<readonly Offer[]>
}

/**
 * Azure: a grant is one role assignment, plain or under Privileged Identity Management, which then ends it itself.
 * Azure takes one of each principal, role and scope: grants of the same access share it. Users act as themselves:
 * there are no credentials to give.
 */
export const createAzure = (options: AzureOptions): Provider => {
  const { clock, instance } = options
  const api = createApi(options)
  const prefix = `gitsudo-${base32(instance)}-`
  const differing = createDiffering(api)
  const way =
    options.mode === 'pim'
      ? createPim(api, { ...options, prefix })
      : createRoleAssignments(api, prefix, differing)
  const read = (intent: Intent): Wanted | undefined => wantedOf(intent, instance, prefix)
  const seen = async (held: Held | undefined, wanted: Wanted, { signal }: Call): Promise<Observation> => {
    if (held === undefined) return { kind: 'absent' }
    const { expiresAt } = held
    const differs = await differing(held, wanted, signal)
    return {
      kind: 'present',
      handle: handleOf(wanted.scope, wanted.guid),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(differs === undefined ? {} : { differs }),
    }
  }

  return {
    name: 'azure',
    traits: { binding: true, marks: true, shared: true },
    // "Role assignment changes can take up to 10 minutes to take effect" (Azure docs, "Troubleshoot Azure RBAC").
    propagationMs: 10 * 60_000,
    // A subscription, or all management groups.
    account: (scope) => (azureScope(scope) ?? scope).split('/').slice(0, 3).join('/'),
    bindingKey(intent) {
      const { scope, guid } = read(intent) ?? {
        scope: intent.scope,
        guid: guidOf(instance, intent.scope, intent.cloudRole, intent.principal),
      }
      return handleOf(scope, guid)
    },

    async inspect(intent, call) {
      const wanted = read(intent)
      return wanted === undefined
        ? { kind: 'absent' }
        : seen(await way.look(wanted, call.signal), wanted, call)
    },

    async ensure(intent, call) {
      const wanted = read(intent)
      const [refusal] = refusals('azure', intent)
      if (wanted === undefined || refusal !== undefined)
        throw new ProviderError('invalid', `azure: ${refusal?.had ?? intent.scope}`)
      if (clock.now() >= intent.endsAt) throw new ProviderError('invalid', 'azure: the end has passed')
      const held = await way.give(wanted, call.signal).catch((error: unknown) => {
        // Longer than that the directory does not take to hear of somebody.
        const isNobody = clock.now() >= intent.startsAt + replicationMs && isWithoutPrincipal(error)
        throw isNobody ? new ProviderError('invalid', error.message, { cause: error.cause }) : error
      })
      const there = await seen(held, wanted, call)
      if (there.kind === 'present') return there
      throw new ProviderError('unavailable', `azure: given at ${wanted.scope}, but not to be read yet`)
    },

    async remove(intent, call) {
      const wanted = read(intent)
      // No write of ours can have gone there.
      if (wanted === undefined) return 'absent'
      return (await way.take(wanted, call.signal)) === undefined ? 'absent' : 'removing'
    },

    async list(call, intents) {
      const live = new Map(
        intents.flatMap((intent) => {
          const wanted = read(intent)
          return wanted === undefined ? [] : [[handleOf(wanted.scope, wanted.guid), { intent, wanted }]]
        }),
      )
      const shown = await api.scopes(call.signal)
      const known = new Set(shown.map((scope) => scope.toLowerCase()))
      // Azure shows what gitsudo may see, and a grant may be in what it may not.
      const hidden = new Set([...live.values()].map(({ wanted }) => rootOf(wanted.scope)))
      const scopes = [...shown, ...[...hidden].filter((scope) => !known.has(scope))]
      const bindingOf = async (held: Held, signal: AbortSignal): Promise<readonly Binding[]> => {
        const { guids, mark, principal, role, scope, expiresAt } = held
        const handles = guids.map((guid) => handleOf(scope, guid))
        const handle = handles.find((one) => live.has(one)) ?? handles[0] ?? ''
        const here = live.get(handle)
        const differs = here && (await differing(held, here.wanted, signal))
        // What is shared outlives the grant that it was made for.
        const grant = here?.intent.grant ?? grantOf(mark, prefix)
        if (grant === undefined) return []
        return [
          {
            grant,
            handle,
            principal,
            role,
            scope,
            ...(expiresAt === undefined ? {} : { expiresAt }),
            ...(differs === undefined ? {} : { differs }),
          },
        ]
      }
      const readAt = async (scope: string, signal: AbortSignal) =>
        (await eachOf(await way.list(scope, signal).catch(ifGone), (held) => bindingOf(held, signal))).flat()
      const { bindings, unread } = await listPlaces(scopes, (scope) => scope, readAt, call, clock.now())
      // What is inherited shows at every scope below.
      return { bindings: [...new Map(bindings.map((one) => [one.handle, one])).values()], unread }
    },

    async cutBack(intent, call) {
      const wanted = read(intent)
      return wanted === undefined
        ? { kind: 'absent' }
        : seen(await way.narrow(wanted, call.signal), wanted, call)
    },

    async discard({ handle, principal }, call) {
      const [scope = '', guid = ''] = handle.split(' ')
      const left = await way.discard({ scope, guid, ...(principal && { principal }) }, call.signal)
      return left === undefined ? 'absent' : 'removing'
    },

    // `az` reads its defaults from AZURE_SECTION_NAME, and has none for the subscription: that is for its --subscription.
    environment({ scope }) {
      const [, subscription, group] =
        /^(?:\/subscriptions\/)?([\da-f-]{36})(?:\/resourceGroups\/([^/]+))?/i.exec(scope) ?? []
      return {
        ...(subscription === undefined ? {} : { AZURE_SUBSCRIPTION_ID: subscription }),
        ...(group === undefined ? {} : { AZURE_DEFAULTS_GROUP: group }),
      }
    },

    check: (call) => checkAzure(api, way, options, call),
  }
}

/** How long a principal that there is may be unknown, from a grant's start: Azure's directories take minutes. */
const replicationMs = 10 * 60_000

const isWithoutPrincipal = (error: unknown): error is ProviderError =>
  error instanceof ProviderError && codeOf(error.cause) === 'PrincipalNotFound'

/** The subscription or management group. */
const rootOf = (scope: string): string =>
  scope
    .split('/')
    .slice(0, scope.startsWith('/subscriptions/') ? 3 : 5)
    .join('/')

const handleOf = (scope: string, guid: string): string => `${scope} ${guid}`

const grantOf = (mark: string, prefix: string) =>
  mark.startsWith(prefix) ? parseRequestId(mark.slice(prefix.length)) : undefined

/** What went while it was listed holds nothing. */
const ifGone = (error: unknown): readonly [] => {
  if (error instanceof ProviderError && error.kind === 'not_found') return []
  throw error
}
