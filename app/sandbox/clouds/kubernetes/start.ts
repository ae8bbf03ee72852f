import { createServer, type IncomingMessage } from 'node:http'
import { createFaults } from '../faults.ts'
import { createObjects, isObject, resources, type Stored } from './objects.ts'
import { type Attributes, allows, type Identity, mayBind } from './rbac.ts'
import { type Route, routeOf } from './route.ts'
import {
  badRequest,
  broken,
  conflicting,
  forbidden,
  noSuchPath,
  notFound,
  qualified,
  StatusError,
  statusBody,
  tooMany,
  unauthorized,
  unavailable,
} from './status.ts'
import { createTokens } from './tokens.ts'

type KubernetesOptions = {
  /** Epoch ms; decides when tokens die. */
  readonly clock: { now(): number }
  /** How long stale reads lag behind a write, in milliseconds. */
  readonly propagationMs?: number
  /** Waits before each answer, as a cluster far away would. */
  readonly latencyMs?: number
}

const verbs: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', DELETE: 'delete' }

/**
 * One cluster's API server as its clients meet it: roles and bindings with validation, versions and the escalation
 * check, access reviews, tokens bound to Secrets, and hands that reach behind it.
 */
export const startKubernetes = async (options: KubernetesOptions) => {
  const { clock, propagationMs = 0, latencyMs = 0 } = options
  const objects = createObjects(clock)
  const tokens = createTokens(objects, clock)
  const faults = createFaults()
  const withdrawn = new Set<string>()
  const denied = new Set<string>()
  const calls = new Map<string, number>()

  const permits = (who: Identity, wanted: Attributes): boolean =>
    !withdrawn.has(permissionOf(wanted)) && allows(objects, who, wanted)

  const review = (kind: string, who: Identity, body: Readonly<Record<string, unknown>>): unknown => {
    const spec = isObject(body.spec) ? body.spec : {}
    const asked = isObject(spec.resourceAttributes) ? spec.resourceAttributes : {}
    const wanted = {
      ...asked,
      verb: String(asked.verb),
      group: String(asked.group ?? ''),
      resource: String(asked.resource),
    }
    if (kind === 'selfsubjectaccessreviews') return { ...body, status: { allowed: permits(who, wanted) } }
    demand(who, { verb: 'create', group: 'authorization.k8s.io', resource: kind })
    const groups = Array.isArray(spec.groups) ? spec.groups.map(String) : []
    const allowed =
      !denied.has(String(spec.user)) && allows(objects, { user: String(spec.user), groups }, wanted)
    return { ...body, status: { allowed } }
  }

  const demand = (who: Identity, wanted: Attributes): void => {
    if (permits(who, wanted)) return
    const { verb, group, resource, subresource, namespace } = wanted
    const whole = subresource === undefined ? resource : `${resource}/${subresource}`
    const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
    throw forbidden(
      `${qualified(resource, group)} is forbidden: User "${who.user}" cannot ${verb} resource "${whole}" in API group "${group}" ${where}`,
      resource,
    )
  }

  const one = ({ resource, namespace, name = '' }: Route, lagMs: number): Stored => {
    const found = objects.find(resource, namespace, name, lagMs)
    if (found === undefined) throw notFound(resource.plural, resource.group, name)
    return found
  }

  const listed = ({ resource, namespace }: Route, query: URLSearchParams, lagMs: number): unknown => {
    const selector = (query.get('labelSelector') ?? '').split('=')
    const [label = '', value] = selector
    const all = objects
      .all(resource, namespace, lagMs)
      .filter(({ metadata }) => value === undefined || metadata.labels?.[label] === value)
    const from = Number(query.get('continue') ?? 0)
    const to = from + Number(query.get('limit') ?? all.length)
    return {
      apiVersion: resource.group === '' ? 'v1' : `${resource.group}/v1`,
      kind: `${resource.kind}List`,
      metadata: to < all.length ? { continue: String(to) } : {},
      items: all.slice(from, to),
    }
  }

  const serve = (method: string, url: URL, who: Identity, text: string, lagMs: number): Answer => {
    const body: unknown = text === '' ? {} : parsed(text)
    if (!isObject(body)) throw badRequest('the object is none')
    const kind = /^\/apis\/authorization\.k8s\.io\/v1\/((?:self)?subjectaccessreviews)$/.exec(
      url.pathname,
    )?.[1]
    if (kind !== undefined && method === 'POST') return { status: 201, body: review(kind, who, body) }
    const route = routeOf(url.pathname)
    if (route === undefined) throw noSuchPath()
    const { resource, namespace, name, subresource } = route
    demand(who, {
      verb: verbs[method] ?? (name === undefined ? 'list' : 'get'),
      group: resource.group,
      resource: resource.plural,
      ...(subresource === undefined ? {} : { subresource }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
    })
    if (method === 'GET') {
      if (name !== undefined) return { status: 200, body: one(route, lagMs) }
      return { status: 200, body: listed(route, url.searchParams, lagMs) }
    }
    if (method === 'POST' && subresource === 'token' && namespace !== undefined && name !== undefined)
      return { status: 201, body: tokens.request(namespace, name, body) }
    if (method === 'POST' && name === undefined) {
      // Admission comes before the storage's own check.
      objects.mustHave(namespace)
      escalation(route, who, body)
      const manager = url.searchParams.get('fieldManager') ?? 'unknown'
      const dry = url.searchParams.get('dryRun') === 'All'
      return { status: 201, body: objects.create(resource, namespace, body, manager, dry) }
    }
    if (method === 'PUT' && name !== undefined) {
      escalation(route, who, body)
      return { status: 200, body: objects.replace(resource, namespace, name, body) }
    }
    if (method === 'DELETE' && name !== undefined) {
      const { uid } = isObject(body.preconditions) ? body.preconditions : {}
      return {
        status: 200,
        body: objects.remove(resource, namespace, name, typeof uid === 'string' ? uid : undefined),
      }
    }
    throw new StatusError(
      405,
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
    )
  }

  const escalation = ({ resource, namespace }: Route, who: Identity, body: object): void => {
    if (!resource.kind.endsWith('Binding') || !('roleRef' in body) || !isObject(body.roleRef)) return
    const metadata = {
      name: '',
      uid: '',
      resourceVersion: '',
      ...(namespace === undefined ? {} : { namespace }),
    }
    if (mayBind(objects, who, { ...body, metadata })) return
    throw forbidden(
      `${qualified(resource.plural, resource.group)} is forbidden: user "${who.user}" (groups=${JSON.stringify(who.groups)}) is attempting to grant RBAC permissions not currently held`,
      resource.plural,
    )
  }

  const answerTo = async (request: IncomingMessage): Promise<Answer | 'hung' | 'reset'> => {
    const method = request.method ?? 'GET'
    const url = new URL(request.url ?? '', 'http://kubernetes')
    const text = await read(request)
    calls.set(method, (calls.get(method) ?? 0) + 1)
    if (latencyMs > 0) await new Promise((go) => setTimeout(go, latencyMs))
    const who = tokens.authenticate(request.headers.authorization)
    const fault = faults.meet(method, `${url.pathname} ${text}`)
    if (fault === 'throttled') throw tooMany()
    if (fault === 'unavailable') throw unavailable()
    if (fault === 'broken') throw broken()
    if (fault === 'conflict') throw conflicting('rolebindings', '', 'the object has been modified')
    if (fault === 'expired') throw unauthorized()
    if (fault === 'forbidden') throw forbidden(`User "${who.user}" may not ${method} ${url.pathname}`, '')
    if (fault === 'hang') return 'hung'
    const answer = serve(method, url, who, text, fault === 'stale' ? propagationMs : 0)
    return fault === 'reset' ? 'reset' : answer
  }

  const server = createServer((request, response) => {
    const send = (status: number, body: unknown) =>
      response
        .writeHead(status, {
          'content-type': 'application/json',
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
        const said =
          error instanceof StatusError ? error : new StatusError(500, 'InternalError', String(error))
        send(said.code, statusBody(said))
      },
    )
  })
  // No shorter than its clients keep a connection: one closed as it is used again looks like trouble of the cloud.
  server.keepAliveTimeout = 60_000
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the double has no port')

  const resourceOf = (kind: string) => {
    const found = resources.find((any) => any.kind === kind)
    if (found === undefined) throw new Error(`the double keeps no ${kind}`)
    return found
  }

  return {
    url: `http://127.0.0.1:${address.port}`,
    faults,
    /** How often each method was called. */
    calls,
    /** A token of somebody; `system:masters` may do everything. */
    tokenOf: (user: string, groups: readonly string[] = []): string => tokens.of(user, groups),
    /** Makes an object as the cluster's administrator would. */
    apply(object: Readonly<Record<string, unknown>>): void {
      const { namespace } = isObject(object.metadata) ? object.metadata : {}
      const where = typeof namespace === 'string' ? namespace : undefined
      objects.create(resourceOf(String(object.kind)), where, object, 'kubectl')
    },
    /** Every object of a kind. */
    all: (kind: string, namespace?: string): readonly Stored[] => objects.all(resourceOf(kind), namespace),
    /** Changes an object as another administrator would; undefined: takes it away. */
    edit(kind: string, namespace: string | undefined, name: string, edit: (object: Stored) => unknown): void {
      const resource = resourceOf(kind)
      const there = objects.find(resource, namespace, name)
      if (there === undefined) throw new Error(`the double has no ${kind} ${name}`)
      const object = edit(there)
      if (object === undefined) objects.remove(resource, namespace, name)
      else objects.replace(resource, namespace, name, object)
    },
    /** `create rolebindings.rbac.authorization.k8s.io`: nobody may that, whatever roles say. */
    withdraw: (permission: string) => withdrawn.add(permission),
    giveBack: (permission: string) => withdrawn.delete(permission),
    /** An authorizer before RBAC denies somebody everything. */
    deny: (user: string) => denied.add(user),
    /** Whether somebody gets in now, by every binding that there is. */
    getsIn: (who: Identity, wanted: Attributes): boolean =>
      !denied.has(who.user) && allows(objects, who, wanted),
    /** The same for whoever holds a token. */
    getsInBy(token: string, wanted: Attributes): boolean {
      try {
        return allows(objects, tokens.authenticate(`Bearer ${token}`), wanted)
      } catch (error) {
        if (error instanceof StatusError) return false
        throw error
      }
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

export type LocalKubernetes = Awaited<ReturnType<typeof startKubernetes>>

type Answer = { readonly status: number; readonly body: unknown }

const permissionOf = ({ verb, group, resource, subresource }: Attributes): string =>
  `${verb} ${qualified(resource, group)}${subresource === undefined ? '' : `/${subresource}`}`

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw badRequest('the body is not JSON')
  }
}

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
