import { AuthorizationManagementClient } from '@azure/arm-authorization'
import { ProviderError } from '../port.ts'
import { type AzureCredentials, createCredential } from './credentials.ts'
import { classify, isWithoutToken, statusOf } from './faults.ts'
import type { Permission } from './permissions.ts'

type Spec = Parameters<AuthorizationManagementClient['sendOperationRequest']>[1]

/** What is asked without a generated operation comes as it is. */
const asItIs: Spec['serializer'] = {
  modelMappers: {},
  isXML: false,
  validateConstraints: () => undefined,
  serialize: (_mapper, value) => value,
  deserialize: (_mapper, value) => value,
}

type Page<T> = { readonly value: readonly T[]; readonly nextLink?: string }

/** The name of an action that gitsudo needs. */
export const action = (name: string): string => `Microsoft.Authorization/${name}`

/** Resource Manager through the SDK. Every method throws `ProviderError` only. */
export const createApi = (options: AzureCredentials & { readonly baseUrl: string }) => {
  const connect = () => {
    const credential = createCredential(options)
    const client = new AuthorizationManagementClient(credential, '', {
      endpoint: options.baseUrl,
      $host: options.baseUrl,
      // Trouble is the reconciler's to wait out.
      retryOptions: { maxRetries: 0 },
    })
    return { client, credential }
  }
  let connected: ReturnType<typeof connect> | undefined

  /** Sends one call; once more with a new token where Azure no longer takes the one that is cached. */
  const ask = async <T>(
    call: string,
    scope: string,
    permission: string,
    signal: AbortSignal,
    send: (client: AuthorizationManagementClient, with_: { readonly abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> => {
    const once = async (fresh: boolean): Promise<T> => {
      if (fresh || connected === undefined) connected = connect()
      const asked = connected
      // Who asks meanwhile waits for the same token: where it did not come in time, another is asked for. One that is
      // there is kept, whatever else does not answer.
      const forget = () => {
        if (connected === asked && asked.credential.isAsking()) connected = undefined
      }
      signal.addEventListener('abort', forget, { once: true })
      try {
        return await send(asked.client, { abortSignal: signal })
      } finally {
        signal.removeEventListener('abort', forget)
      }
    }
    try {
      return await once(false).catch((error: unknown) => {
        if (statusOf(error) !== 401) throw error
        return once(true)
      })
    } catch (error) {
      // Entra's client remembers trouble for a minute, and then says it without what it was.
      if (isWithoutToken(error)) connected = undefined
      throw error instanceof ProviderError ? error : classify(error, { call, scope, permission })
    }
  }

  /** Every page of a list that the SDK knows. */
  const list = <T extends { readonly name?: string }>(
    call: string,
    scope: string,
    permission: string,
    signal: AbortSignal,
    pages: (
      client: AuthorizationManagementClient,
      with_: { readonly abortSignal: AbortSignal; readonly onResponse: typeof demandPage },
    ) => AsyncIterable<T>,
  ): Promise<readonly T[]> =>
    ask(call, scope, permission, signal, async (client, with_) => {
      const found: T[] = []
      for await (const one of pages(client, { ...with_, onResponse: demandPage })) {
        if (one.name === undefined) throw new Error('what is listed has no name')
        found.push(one)
      }
      return found
    })

  /** Every page of a list at a path with its query. */
  const all = async <T>(
    call: string,
    scope: string,
    path: string,
    permission: string,
    signal: AbortSignal,
  ): Promise<readonly T[]> => {
    const found: T[] = []
    let next: string | undefined = path
    while (next !== undefined) {
      const spec: Spec = {
        httpMethod: 'GET',
        path: next,
        baseUrl: options.baseUrl,
        serializer: asItIs,
        responses: { 200: { bodyMapper: { serializedName: '', type: { name: 'any' } } }, default: {} },
      }
      const page: Page<T> = await ask(call, scope, permission, signal, (client, with_) =>
        client.sendOperationRequest<Page<T>>({ options: { ...with_, onResponse: demandPage } }, spec),
      )
      found.push(...page.value)
      next = page.nextLink || undefined
    }
    return found
  }

  return {
    ask,
    list,
    /** Every subscription and management group that gitsudo can see. */
    async scopes(signal: AbortSignal): Promise<readonly string[]> {
      const subscriptions = await all<{ readonly subscriptionId?: string; readonly state?: string }>(
        'the list',
        'subscriptions',
        '/subscriptions?api-version=2022-12-01',
        'Microsoft.Resources/subscriptions/read',
        signal,
      )
      const groups = await all<{ readonly id?: string }>(
        'the list',
        'management groups',
        '/providers/Microsoft.Management/managementGroups?api-version=2020-05-01',
        'Microsoft.Management/managementGroups/read',
        signal,
      ).catch(ifForbidden)
      return [
        ...subscriptions.flatMap(({ subscriptionId }) =>
          subscriptionId === undefined ? [] : [`/subscriptions/${subscriptionId}`],
        ),
        ...groups.flatMap(({ id }) => (id === undefined ? [] : [id])),
      ]
    },
    /** What gitsudo may do at a scope. */
    permissions: (scope: string, signal: AbortSignal): Promise<readonly Permission[]> =>
      all(
        'the permissions',
        scope,
        `${scope}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`,
        action('permissions/read'),
        signal,
      ),
    /** The id of a role definition that can be assigned at the scope. @throws ProviderError `invalid`: there is none */
    async roleDefinition(
      scope: string,
      role: { readonly id: string } | { readonly name: string },
      signal: AbortSignal,
    ): Promise<string> {
      if ('id' in role) return `${scope}/providers/Microsoft.Authorization/roleDefinitions/${role.id}`
      const permission = action('roleDefinitions/read')
      const found = await list('the role', scope, permission, signal, (client, with_) =>
        client.roleDefinitions.list(path(scope), { ...with_, filter: `roleName eq '${role.name}'` }),
      )
      const [one, another] = found.filter(({ roleName }) => roleName === role.name)
      if (one?.name === undefined || another !== undefined)
        throw new ProviderError('invalid', `azure: ${scope} has no role that is called ${role.name}`)
      return `${scope}/providers/Microsoft.Authorization/roleDefinitions/${one.name}`
    },
  }
}

export type Api = ReturnType<typeof createApi>

/** A scope as the SDK's templates take it: they have the slash. */
export const path = (scope: string): string => scope.replace(/^\//, '')

/**
 * Somebody on the way can answer 200 with a page or words of his own, which the SDK takes for a list of nothing.
 * @throws Error what no list is tells nothing of what is there
 */
const demandPage = (_answer: unknown, page: unknown, error?: unknown): void => {
  const isPage = typeof page === 'object' && page !== null && 'value' in page && Array.isArray(page.value)
  if (error === undefined && !isPage) throw new Error('what answered is no list')
}

/** Who has nothing on any management group may not list them. */
const ifForbidden = (error: unknown): readonly [] => {
  if (error instanceof ProviderError && error.kind === 'forbidden') return []
  throw error
}

/** Of `roleDefinition`: there is none of that name. */
export const ifNoRole = (error: unknown): undefined => {
  if (error instanceof ProviderError && error.kind === 'invalid') return undefined
  throw error
}
