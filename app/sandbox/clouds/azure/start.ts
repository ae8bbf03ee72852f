import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import { createFaults } from '../faults.ts'
import { assignmentBody, instanceBody, policyBody, requestBody } from './bodies.ts'
import { createCertificate } from './certificate.ts'
import { createEntra } from './entra.ts'
import {
  AzureError,
  broken,
  conflicting,
  denied,
  errorBody,
  invalid,
  throttled,
  unauthenticated,
  unavailable,
} from './errors.ts'
import { createPim } from './pim.ts'
import { type Assignment, createRoleAssignments, type Directory } from './role-assignments.ts'
import { createTree } from './tree.ts'

type AzureOptions = {
  /** Epoch ms; decides what has run out. */
  readonly clock: { now(): number }
  /** How long stale reads lag behind a change, in milliseconds. */
  readonly propagationMs?: number
  /** Waits before each answer, as a cloud far away would. */
  readonly latencyMs?: number
}

const namespace = 'Microsoft.Authorization/'
const pageSize = 500

/** Built-in roles by name, with the ids that they have everywhere. */
const builtIn: Readonly<Record<string, string>> = {
  Owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  Contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
  Reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
}

/**
 * Azure as its SDKs meet it: role assignments on a tree of management groups, subscriptions and what is in them, Entra's
 * token endpoint, and hands that reach behind it.
 */
export const startAzure = async (options: AzureOptions) => {
  const { clock, propagationMs = 0, latencyMs = 0 } = options
  const entra = createEntra(() => Date.now())
  const faults = createFaults(['token'])
  const tree = createTree()
  const roles = new Map(Object.entries(builtIn).map(([name, id]) => [id, { id, name }]))
  const principals = new Map<string, ReturnType<Directory['principal']>>()
  const directory: Directory = {
    // Everybody is a user whom nobody said anything else about.
    principal: (id) => (principals.has(id) ? principals.get(id) : 'User'),
    role: (id) => roles.get(id.toLowerCase()),
  }
  const assignments = createRoleAssignments({ now: clock.now, propagationMs, tree, directory })
  let provisionMs = 0
  const pim = createPim({
    now: clock.now,
    propagationMs,
    provisionMs: () => provisionMs,
    tree,
    directory,
    isAssigned: (scope, role, principalId) =>
      assignments
        .all()
        .some((one) => one.scope === scope && one.role === role && one.principalId === principalId),
  })
  const withdrawn = new Set<string>()
  const locked = new Set<string>()
  let hidden = false
  const calls = new Map<string, number>()
  const foreign = new Map<string, Foreign>()

  const answers: Readonly<Record<string, Answering>> = {
    'roleAssignments/read': ({ scope, name, query, stale }) => {
      if (name !== undefined) return ok(assignmentBody(assignments.get(scope, name, stale)))
      // What holds at the scope, and in a subscription all that is below.
      const [within, wanted] = [below(scope), principalIn(query)]
      const shown = assignments
        .all(stale)
        .filter((one) => within(one) && (wanted === undefined || one.principalId === wanted))
      return ok(
        page(shown.map(assignmentBody), query, `${url}${scope}/providers/${namespace}roleAssignments`),
      )
    },
    'roleAssignments/write': ({ scope, name = '', body }) => {
      const { status, assignment } = assignments.put(scope, name, body)
      return { status, body: assignmentBody(assignment) }
    },
    'roleAssignments/delete': ({ scope, name = '' }) => {
      if (tree.line(scope).some((at) => locked.has(at)))
        throw new AzureError(
          409,
          'ScopeLocked',
          `The scope '${scope}' cannot perform delete operation: it is locked.`,
        )
      const gone = assignments.delete(scope, name)
      return gone === undefined ? { status: 204, body: undefined } : ok(assignmentBody(gone))
    },
    'roleAssignmentScheduleRequests/write': ({ scope, name = '', body }) => ({
      status: 201,
      body: requestBody(pim.request(scope, name, body)),
    }),
    'roleAssignmentScheduleRequests/read': ({ scope, query, stale }) => {
      const within = below(scope)
      return ok({ value: pim.requests(principalIn(query), stale).filter(within).map(requestBody) })
    },
    'roleAssignmentScheduleInstances/read': ({ scope, query, stale }) => {
      const [within, wanted] = [below(scope), principalIn(query)]
      const shown = pim
        .active(stale)
        .filter((one) => within(one) && (wanted === undefined || one.principalId === wanted))
      // What is assigned without PIM shows there too, without an end.
      const plain = assignments
        .all()
        .filter((one) => within(one) && (wanted === undefined || one.principalId === wanted))
        .map(({ name: id, ...one }) => ({ ...one, id, startsAt: 0, endsAt: undefined }))
      return ok({ value: [...shown, ...plain].map((one) => instanceBody(one, roles.get(one.role)?.name)) })
    },
    'roleManagementPolicyAssignments/read': ({ scope }) => {
      tree.line(scope)
      return ok({
        value: [...roles.values()].map(({ id, name }) => policyBody(scope, id, name, pim.policy(id))),
      })
    },
    'roleDefinitions/read': ({ scope, query }) => {
      tree.line(scope)
      const wanted = /^roleName eq '(.+)'$/.exec(query.get('$filter') ?? '')?.[1]?.toLowerCase()
      const found = [...roles.values()].filter(
        ({ name }) => wanted === undefined || name.toLowerCase() === wanted,
      )
      return ok({
        value: found.map(({ id, name }) => ({
          id: `${scope}/providers/${namespace}roleDefinitions/${id}`,
          name: id,
          properties: { roleName: name, assignableScopes: ['/'] },
        })),
      })
    },
    'permissions/read': ({ scope }) => {
      tree.line(scope)
      const notActions = [...withdrawn].map((one) => `${namespace}${one}`)
      return ok({
        value: [{ actions: [`${namespace}*`, '*/read'], notActions, dataActions: [], notDataActions: [] }],
      })
    },
  }

  const below = (scope: string) => {
    const line = tree.line(scope)
    return ({ scope: at }: { readonly scope: string }) => line.includes(at) || at.startsWith(`${line[0]}/`)
  }

  const roots = (path: string): unknown => {
    const all = (hidden ? [] : tree.all()).filter(
      (scope) => scope.startsWith('/subscriptions/') === (path === '/subscriptions'),
    )
    return {
      value: all.map((id) => ({ id, subscriptionId: path === '/subscriptions' ? id.slice(15) : undefined })),
    }
  }

  const serve = async (
    call: string,
    said: string,
    work: (stale: boolean) => Answer,
  ): Promise<Answer | Silence> => {
    calls.set(call, (calls.get(call) ?? 0) + 1)
    if (latencyMs > 0) await new Promise((go) => setTimeout(go, latencyMs))
    const instead = foreign.get(call)
    if (instead !== undefined) return { status: 200, body: undefined, instead }
    const fault = faults.meet(call, said)
    if (fault === 'throttled') throw throttled()
    if (fault === 'unavailable') throw unavailable()
    if (fault === 'broken') throw broken()
    if (fault === 'conflict') throw conflicting()
    if (fault === 'expired') throw unauthenticated()
    if (fault === 'forbidden') throw denied(`${namespace}${call}`, said)
    if (fault === 'hang') return 'hung'
    if (fault !== 'reset') return work(fault === 'stale')
    try {
      work(false)
    } catch (error) {
      if (!(error instanceof AzureError)) throw error
    }
    return 'reset'
  }

  const answerTo = async (request: IncomingMessage): Promise<Answer | Silence> => {
    const asked = new URL(request.url ?? '', url)
    const path = decodeURIComponent(asked.pathname)
    const text = await read(request)
    if (path === `/${entra.tenant}/v2.0/.well-known/openid-configuration`) return entra.metadata(url)
    if (path === `/${entra.tenant}/oauth2/v2.0/token`)
      return serve('token', '', () => entra.token(new URLSearchParams(text), url))
    if (/^\/metadata\/identity\/oauth2\/token\/?$/.test(path) && request.headers.metadata === 'true')
      return serve('token', '', () => entra.machineToken(asked.searchParams, url))
    entra.authenticate(request.headers.authorization)
    if (!asked.searchParams.has('api-version'))
      throw invalid('MissingApiVersionParameter', 'The api-version query parameter is required.')
    if (path === '/subscriptions' || path === '/providers/Microsoft.Management/managementGroups')
      return serve('scopes/read', path, () => ok(roots(path)))
    const [, scope = '', type, name] =
      /^(\/.+)\/providers\/Microsoft\.Authorization\/(\w+)(?:\/([^/]+))?$/i.exec(path) ?? []
    const verb = { GET: 'read', PUT: 'write', DELETE: 'delete' }[request.method ?? '']
    const call = `${type}/${verb}`
    const answer = answers[call]
    if (answer === undefined || (verb !== 'read' && name === undefined))
      throw new AzureError(404, 'InvalidResourceType', `The resource type could not be found: ${path}`)
    return serve(call, `${scope} ${name}`, (stale) => {
      if (withdrawn.has(call)) throw denied(`${namespace}${call}`, scope)
      const { properties = {} } = (text === '' ? {} : JSON.parse(text)) as {
        properties?: Record<string, unknown>
      }
      return answer({ scope, name, query: asked.searchParams, body: properties, stale })
    })
  }

  const certificate = await createCertificate()
  const server = createServer(certificate, (request, response) => {
    const send = (status: number, body: unknown, instead?: Foreign) =>
      response
        .writeHead(status, {
          'content-type': instead?.type ?? 'application/json; charset=utf-8',
          ...(status === 429 ? { 'retry-after': '1' } : {}),
        })
        .end(instead?.text ?? (body === undefined ? undefined : JSON.stringify(body)))
    answerTo(request).then(
      (answer) => {
        if (answer === 'hung') return
        if (answer === 'reset') request.socket.destroy()
        else send(answer.status, answer.body, answer.instead)
      },
      (error: unknown) => {
        if (!(error instanceof AzureError))
          send(500, errorBody(new AzureError(500, 'InternalServerError', String(error))))
        else if (request.url?.includes('/token')) send(error.status, entra.trouble(error))
        else send(error.status, errorBody(error))
      },
    )
  })
  // No shorter than its clients keep a connection: one closed as it is used again looks like trouble of the cloud.
  server.keepAliveTimeout = 60_000
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the double has no port')
  const url = `https://127.0.0.1:${address.port}`

  return {
    url,
    /** Whom clients have to trust, PEM. */
    certificate: certificate.cert,
    entra,
    faults,
    /** How often each call was made. */
    calls,
    addScope: (scope: string, parent?: string): void => void tree.add(scope, parent),
    /** Nothing is to be seen any more. */
    clear: (): void => tree.clear(),
    /** What there is is not listed any more. */
    hide: (): void => {
      hidden = true
    },
    deleteGroup(scope: string): void {
      for (const one of assignments.all())
        if (one.scope.startsWith(scope.toLowerCase())) assignments.delete(one.scope, one.name)
      tree.deleteGroup(scope)
    },
    /** A custom role. @returns its id */
    addRole(name: string): string {
      const id = randomUUID()
      roles.set(id, { id, name })
      return id
    },
    renameRole: (id: string, name: string): void => void roles.set(id, { id, name }),
    /** What the directory knows of somebody; undefined: nothing. */
    setPrincipal: (id: string, as: ReturnType<Directory['principal']>): void => void principals.set(id, as),
    /** Takes gitsudo's permission for an action such as `roleAssignments/write`. */
    withdraw: (action: string): void => void withdrawn.add(action),
    giveBack: (action: string): void => void withdrawn.delete(action),
    /** Somebody on the way, a proxy or a gateway, answers these calls with 200 and words of his own; without words no more. */
    intercept(on: readonly string[], answer?: Foreign): void {
      for (const call of on)
        if (answer === undefined) foreign.delete(call)
        else foreign.set(call, answer)
    },
    /** A lock against deletion. */
    lock: (scope: string): void => void locked.add(scope.toLowerCase()),
    unlock: (scope: string): void => void locked.delete(scope.toLowerCase()),
    assignments: (): readonly Assignment[] => assignments.all(),
    /** Assigns, or changes an assignment, as another administrator would. */
    assign: (scope: string, name: string, properties: Readonly<Record<string, unknown>>): void =>
      void assignments.put(scope, name, properties),
    unassign: (scope: string, name: string): void => void assignments.delete(scope, name),
    setFullStatus: assignments.setFullStatus,
    pim,
    /** How long PIM takes from now on to provision what it has accepted, in real milliseconds. */
    setProvisionMs(ms: number): void {
      provisionMs = ms
    },
    /** Whether somebody with this role's permissions gets in there now: assignments at the scope and all above it. */
    getsIn(principalId: string, role: string, scope: string): boolean {
      const line = tree.line(scope)
      const id = builtIn[role] ?? [...roles.values()].find(({ name }) => name === role)?.id ?? role
      return [...assignments.all(), ...pim.active()].some(
        (one) => one.principalId === principalId && one.role === id && line.includes(one.scope),
      )
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

export type LocalAzure = Awaited<ReturnType<typeof startAzure>>

/** An answer of somebody else's: its content type and text. */
type Foreign = { readonly type: string; readonly text: string }
type Answer = { readonly status: number; readonly body: unknown; readonly instead?: Foreign }
type Silence = 'hung' | 'reset'
type Answering = (asked: {
  readonly scope: string
  readonly name: string | undefined
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
  readonly stale: boolean
}) => Answer

const ok = (body: unknown): Answer => ({ status: 200, body })

/** Whose are asked for; undefined: everybody's. */
const principalIn = (query: URLSearchParams): string | undefined =>
  /^principalId eq '([0-9a-f-]{36})'$/.exec(query.get('$filter') ?? '')?.[1]

const page = (all: readonly unknown[], query: URLSearchParams, path: string) => {
  const from = Number(query.get('$skiptoken') ?? 0)
  const more = from + pageSize < all.length
  return {
    value: all.slice(from, from + pageSize),
    ...(more
      ? { nextLink: `${path}?api-version=${query.get('api-version')}&$skiptoken=${from + pageSize}` }
      : {}),
  }
}

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
