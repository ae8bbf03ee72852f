import { cloudresourcemanager_v3 as v3 } from '@googleapis/cloudresourcemanager'
import { ProviderError } from '../port.ts'
import { untilAborted } from '../until-aborted.ts'
import type { Authorise } from './credentials.ts'
import { classify, statusOf } from './faults.ts'
import type { Policy } from './policy.ts'

/** The kinds of resources whose policies grants are written into, as the API names them. */
const kinds = ['projects', 'folders', 'organizations'] as const
type Kind = (typeof kinds)[number]

/** Permissions that gitsudo needs on a resource of a kind. */
export const permissionsOn = (resource: string): readonly string[] =>
  ['get', 'getIamPolicy', 'setIamPolicy'].map((verb) => `resourcemanager.${kindOf(resource)}.${verb}`)

const kindOf = (resource: string): Kind => {
  const kind = kinds.find((one) => resource.startsWith(`${one}/`))
  if (kind === undefined) throw new ProviderError('invalid', `gcp: ${resource} is no resource`)
  return kind
}

/** Resource Manager's policies through the SDK. Every method throws `ProviderError` only. */
export const createApi = (options: { readonly baseUrl: string; readonly authorise: Authorise }) => {
  const sdk = new v3.Cloudresourcemanager({ rootUrl: `${options.baseUrl}/` })

  const ask = async <T>(
    call: string,
    resource: string,
    signal: AbortSignal,
    send: (with_: {
      headers: Record<string, string>
      signal: AbortSignal
      retry: false
    }) => Promise<{ data: T }>,
  ): Promise<T> => {
    const once = async (fresh: boolean): Promise<T> => {
      const headers = { ...(await options.authorise(signal, fresh)) }
      signal.throwIfAborted()
      return (await send({ headers, signal, retry: false })).data
    }
    try {
      // A token can die before its time.
      signal.throwIfAborted()
      // Neither a token nor an answer that never comes may keep what waits for the same resource.
      return await untilAborted(signal, () =>
        once(false).catch((error: unknown) => {
          if (statusOf(error) !== 401) throw error
          return once(true)
        }),
      )
    } catch (error) {
      if (error instanceof ProviderError) throw error
      // Whoever may do nothing may ask what he may do.
      const permission =
        call === 'testIamPermissions' ? {} : { permission: `resourcemanager.${kindOf(resource)}.${call}` }
      throw classify(error, { call, resource, ...permission })
    }
  }

  return {
    async policy(resource: string, signal: AbortSignal): Promise<Policy> {
      // Without the version, conditional bindings come back mangled (IAM docs, "Policy versions").
      const requestBody = { options: { requestedPolicyVersion: 3 } }
      const policy = await ask('getIamPolicy', resource, signal, (with_) =>
        sdk[kindOf(resource)].getIamPolicy({ resource, requestBody }, with_),
      )
      if (!policy.etag)
        throw new ProviderError('unknown', `gcp: the policy of ${resource} came without its etag`)
      return policy
    },

    /** Writes the policy if nobody has since it was read, by its etag; else `conflict`. */
    async setPolicy(resource: string, policy: Policy, signal: AbortSignal): Promise<void> {
      const requestBody = { policy: { ...policy, version: 3 } }
      await ask('setIamPolicy', resource, signal, (with_) =>
        sdk[kindOf(resource)].setIamPolicy({ resource, requestBody }, with_),
      )
    },

    /** Those of `permissions` that gitsudo has on the resource. */
    async held(
      resource: string,
      permissions: readonly string[],
      signal: AbortSignal,
    ): Promise<readonly string[]> {
      const requestBody = { permissions: [...permissions] }
      const { permissions: held } = await ask('testIamPermissions', resource, signal, (with_) =>
        sdk[kindOf(resource)].testIamPermissions({ resource, requestBody }, with_),
      )
      return held ?? []
    },

    /**
     * Every project, folder and organisation that gitsudo can see and that is not being deleted; of a project its
     * other name too, `projects/NUMBER`.
     */
    async resources(signal: AbortSignal): Promise<readonly Resource[]> {
      const pages = {
        projects: (pageToken?: string) =>
          ask('get', 'projects/-', signal, (with_) =>
            sdk.projects.search({ query: 'state:ACTIVE', pageSize: 500, ...page(pageToken) }, with_),
          ).then(({ projects, nextPageToken }) => ({
            found: (projects ?? []).map(({ projectId, name }) => ({
              name: projectId && `projects/${projectId}`,
              ...(name ? { number: name } : {}),
            })),
            nextPageToken,
          })),
        folders: (pageToken?: string) =>
          ask('get', 'folders/-', signal, (with_) =>
            sdk.folders.search({ query: 'state=ACTIVE', pageSize: 500, ...page(pageToken) }, with_),
          ).then(({ folders, nextPageToken }) => ({
            found: (folders ?? []).map(({ name }) => ({ name })),
            nextPageToken,
          })),
        organizations: (pageToken?: string) =>
          ask('get', 'organizations/-', signal, (with_) =>
            sdk.organizations.search({ pageSize: 500, ...page(pageToken) }, with_),
          ).then(({ organizations, nextPageToken }) => ({
            found: (organizations ?? []).map(({ name }) => ({ name })),
            nextPageToken,
          })),
      }
      const all: Resource[] = []
      for (const kind of kinds) {
        let token: string | undefined
        do {
          const { found, nextPageToken } = await pages[kind](token)
          all.push(...found.flatMap(({ name, ...rest }) => (name ? [{ name, ...rest }] : [])))
          token = nextPageToken || undefined
        } while (token !== undefined)
      }
      return all
    },
  }
}

/** By its name and, of a project, `projects/NUMBER`. */
export type Resource = { readonly name: string; readonly number?: string }

export type Api = ReturnType<typeof createApi>

const page = (pageToken: string | undefined) => (pageToken === undefined ? {} : { pageToken })
