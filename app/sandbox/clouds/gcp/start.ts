import { createServer, type IncomingMessage } from 'node:http'
import { createFaults } from '../faults.ts'
import { createAccounts } from './accounts.ts'
import { holds } from './condition.ts'
import {
  broken,
  conflicting,
  denied,
  errorBody,
  GoogleError,
  throttled,
  unauthenticated,
  unavailable,
} from './errors.ts'
import { asVersion, type Binding, changed, emptyPolicy, type Policy } from './policy.ts'

/** Calls that can go wrong. `token`: of the token endpoint. */
type GcpCall = 'getIamPolicy' | 'setIamPolicy' | 'testIamPermissions' | 'search' | 'token'

type Resource = {
  policy: Policy
  before: Policy
  changedAt: number
  readonly parent?: string
  closed: boolean
}

type GcpOptions = {
  /** Epoch ms; decides what conditions say. */
  readonly clock: { now(): number }
  /** How long stale reads lag behind a write, in milliseconds. */
  readonly propagationMs?: number
  /** Waits before each answer, as a cloud far away would. */
  readonly latencyMs?: number
}

/**
 * Google's Resource Manager as the SDK meets it: allow policies of projects, folders and organisations with etags,
 * versions, conditions and limits, the token endpoint of federation, and hands that reach behind it.
 */
export const startGcp = async (options: GcpOptions) => {
  const { clock, propagationMs = 0, latencyMs = 0 } = options
  const accounts = createAccounts(() => Date.now())
  const faults = createFaults<GcpCall>()
  const resources = new Map<string, Resource>()
  const withdrawn = new Set<string>()
  const nobody = new Set<string>()
  const calls = new Map<GcpCall, number>()

  const found = (name: string): Resource => {
    const resource = resources.get(name)
    if (resource === undefined) throw new Error(`the double has no ${name}`)
    return resource
  }
  const put = (resource: Resource, policy: Policy): void => {
    Object.assign(resource, { before: resource.policy, policy, changedAt: clock.now() })
  }
  const may = (name: string, verb: string): Resource => {
    const permission = `resourcemanager.${name.split('/')[0]}.${verb}`
    const resource = resources.get(name)
    if (resource === undefined || resource.closed || withdrawn.has(permission)) throw denied(permission, name)
    return resource
  }

  const answers: Readonly<
    Record<string, (name: string, body: Record<string, unknown>, stale: boolean) => unknown>
  > = {
    getIamPolicy(name, body, stale) {
      const { policy, before, changedAt } = may(name, 'getIamPolicy')
      const shown = stale && clock.now() < changedAt + propagationMs ? before : policy
      const { requestedPolicyVersion } = (body.options ?? {}) as Record<string, unknown>
      return asVersion(shown, Number(requestedPolicyVersion ?? 1))
    },
    setIamPolicy(name, body) {
      const resource = may(name, 'setIamPolicy')
      put(
        resource,
        changed(resource.policy, body.policy, (member) => !nobody.has(member)),
      )
      return resource.policy
    },
    testIamPermissions(name, body) {
      const asked = Array.isArray(body.permissions) ? body.permissions : []
      const none = resources.get(name)?.closed !== false
      return { permissions: none ? [] : asked.filter((one: string) => !withdrawn.has(one)) }
    },
  }
  const search = (kind: string, url: URL): unknown => {
    const all = withdrawn.has(`resourcemanager.${kind}.get`)
      ? []
      : [...resources.keys()].filter((name) => name.startsWith(`${kind}/`)).sort()
    const from = Number(url.searchParams.get('pageToken') ?? 0)
    const size = Math.min(Number(url.searchParams.get('pageSize') ?? 100), 500)
    const page = all.slice(from, from + size)
    return {
      [kind]: page.map((name) => (kind === 'projects' ? { name, projectId: name.slice(9) } : { name })),
      ...(from + size < all.length ? { nextPageToken: String(from + size) } : {}),
    }
  }

  const serve = async (
    call: GcpCall,
    said: string,
    work: (stale: boolean) => Answer,
  ): Promise<Answer | Silence> => {
    calls.set(call, (calls.get(call) ?? 0) + 1)
    if (latencyMs > 0) await new Promise((go) => setTimeout(go, latencyMs))
    const fault = faults.meet(call, said)
    if (fault === 'throttled') throw throttled()
    if (fault === 'unavailable') throw unavailable()
    if (fault === 'broken') throw broken()
    if (fault === 'conflict') throw conflicting()
    if (fault === 'expired') throw unauthenticated()
    if (fault === 'forbidden') throw denied(call, said)
    if (fault === 'hang') return 'hung'
    const answer = work(fault === 'stale')
    return fault === 'reset' ? 'reset' : answer
  }

  const answerTo = async (request: IncomingMessage): Promise<Answer | Silence> => {
    const url = new URL(request.url ?? '', 'http://gcp')
    const text = await read(request)
    if (url.pathname === '/v1/token') {
      return serve('token', '', () => accounts.exchange(new URLSearchParams(text)))
    }
    // The metadata server trusts whoever reaches it with this header, and wants no other.
    if (url.pathname === '/computeMetadata/v1/instance/service-accounts/default/token') {
      if (request.headers['metadata-flavor'] !== 'Google') throw unauthenticated()
      return serve('token', '', () => accounts.local())
    }
    accounts.authenticate(request.headers.authorization)
    const [, kind, verb] = /^\/v3\/(projects|folders|organizations):(search)$/.exec(url.pathname) ?? []
    if (kind !== undefined && verb === 'search') return serve('search', kind, () => ok(search(kind, url)))
    const [, name = '', method = ''] =
      /^\/v3\/(\w+\/[^/]+):(\w+)$/.exec(decodeURIComponent(url.pathname)) ?? []
    const answer = answers[method]
    if (request.method !== 'POST' || answer === undefined)
      throw new GoogleError(404, 'NOT_FOUND', `The requested URL ${url.pathname} was not found.`)
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    return serve(method as GcpCall, name, (stale) => ok(answer(name, body, stale)))
  }

  const server = createServer((request, response) => {
    const send = (status: number, body: unknown) =>
      response
        .writeHead(status, {
          'content-type': 'application/json; charset=utf-8',
          'metadata-flavor': 'Google',
          ...(status === 429 ? { 'retry-after': '1' } : {}),
        })
        .end(JSON.stringify(body))
    answerTo(request).then(
      (answer) => {
        if (answer === 'hung') return
        if (answer === 'reset') request.socket.resetAndDestroy()
        else send(answer.status, answer.body)
      },
      (error: unknown) => {
        if (error instanceof GoogleError) send(error.code, errorBody(error))
        else send(500, errorBody(new GoogleError(500, 'INTERNAL', String(error))))
      },
    )
  })
  // No shorter than its clients keep a connection: one closed as it is used again looks like trouble of the cloud.
  server.keepAliveTimeout = 60_000
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the double has no port')
  const url = `http://127.0.0.1:${address.port}`

  return {
    url,
    faults,
    /** How often each call was made. */
    calls,
    /** A service account's key file. */
    serviceAccountKey: (email: string) => accounts.key(email),
    /** A credential configuration of federation whose token is read from `tokenFile`, and that token. */
    federation(tokenFile: string) {
      return {
        token: accounts.subject(),
        configuration: {
          type: 'external_account',
          audience:
            '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/acme/providers/ci',
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
          token_url: `${url}/v1/token`,
          credential_source: { file: tokenFile },
        },
      }
    },
    expireTokens: () => accounts.expire(),
    /** `closed`: it is shown to everybody, and nobody may read its policy. */
    addResource(name: string, parent?: string, closed = false): void {
      const resource = { policy: emptyPolicy, before: emptyPolicy, changedAt: 0, closed }
      resources.set(name, parent === undefined ? resource : { ...resource, parent })
    },
    /** The account of a member is deleted. */
    deleteAccount: (member: string) => nobody.add(member),
    withdraw: (permission: string) => withdrawn.add(permission),
    giveBack: (permission: string) => withdrawn.delete(permission),
    policy: (name: string): Policy => found(name).policy,
    /** Changes a policy as another administrator would. */
    edit(name: string, edit: (bindings: readonly Binding[]) => readonly Binding[]): void {
      const resource = found(name)
      const bindings = edit(resource.policy.bindings)
      const version = bindings.some(({ condition }) => condition !== undefined) ? 3 : 1
      put(
        resource,
        changed(resource.policy, { version, bindings }, () => true),
      )
    },
    /** Whether somebody with this role's permissions gets in there now: bindings of the resource and all above it. */
    getsIn(member: string, role: string, name: string): boolean {
      for (let at: string | undefined = name; at !== undefined; at = found(at).parent) {
        const let_in = found(at).policy.bindings.some(
          (one) =>
            one.role === role &&
            one.members.includes(member) &&
            (one.condition === undefined || holds(one.condition.expression ?? 'true', clock.now())),
        )
        if (let_in) return true
      }
      return false
    },
    /** Ends every connection, and with it whatever call was never to be answered. */
    hangUp: (): void => server.closeAllConnections(),
    close: (): Promise<void> =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

export type LocalGcp = Awaited<ReturnType<typeof startGcp>>

type Answer = { readonly status: number; readonly body: unknown }
type Silence = 'hung' | 'reset'

const ok = (body: unknown): Answer => ({ status: 200, body })

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
