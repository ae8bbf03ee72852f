import { createHash } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { type Actor, authenticate } from './actor.ts'
import type { Answer, Call, Route } from './call.ts'
import { addDeviceFlow } from './device-flow.ts'
import { errorBody, GitHubError, notFound } from './errors.ts'
import { fieldsOf } from './fields.ts'
import { gitRequest, serveGit } from './git-http.ts'
import { moved, pathByNumber, withNames } from './moved.ts'
import { addPages } from './pages.ts'
import { payer } from './payer.ts'
import { type Budget, secondaryLimit } from './rate-limit.ts'
import { allRoutes } from './routes/all.ts'
import { graphqlRoute } from './routes/graphql.ts'
import type { World } from './state/world.ts'

const API = '/api/v3'
const GRAPHQL = '/api'
/** Bodies of the API; Git's pushes do not come this way. */
const LARGEST_BODY = 100 * 1024 * 1024

/** The HTTP server: Git and the API. */
export function buildServer(world: World): FastifyInstance {
  const server = fastify({
    bodyLimit: LARGEST_BODY,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: true },
    serverFactory: (handler) => createServer((request, response) => gitOr(world, handler)(request, response)),
  })
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  server.setNotFoundHandler((_request, reply) => send(world, reply, failure(notFound())))
  for (const route of allRoutes) {
    for (const path of [route.path, pathByNumber(route.path)]) {
      if (path === undefined) continue
      server.route({
        method: route.method,
        url: `${API}${path.replaceAll(/\{\w+\*\}/g, '*').replaceAll(/\{(\w+)\}/g, ':$1')}`,
        handler: (request, reply) => serveApi(world, route, request, reply),
      })
    }
  }
  server.route({
    method: 'POST',
    url: `${GRAPHQL}${graphqlRoute.path}`,
    handler: (request, reply) => serveApi(world, graphqlRoute, request, reply),
  })
  addPages(world, server)
  addDeviceFlow(world, server)
  return server
}

/** Git's requests never reach fastify: http-backend wants the raw stream. */
function gitOr(world: World, otherwise: RequestListener): RequestListener {
  return (request, response) => {
    const asked = gitRequest(request.url ?? '')
    if (!asked) {
      otherwise(request, response)
      return
    }
    serveGit(world, asked, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else response.writeHead(500, { 'content-type': 'text/plain' }).end(`${String(error)}\n`)
    })
  }
}

async function serveApi(world: World, route: Route, request: FastifyRequest, reply: FastifyReply) {
  world.counters.api(request.method, route.path)
  const path = request.url.slice((route === graphqlRoute ? GRAPHQL : API).length)
  const fault = world.faults.takeApi(request.method, path)
  const lost = () => new GitHubError(502, 'Server Error')
  if (fault?.answer === 'slow') await (fault.until ?? sleep(fault.delayMs ?? 1000))
  else if (fault && !fault.answerLost) {
    const errors = {
      'bad-gateway': lost,
      'not-found': notFound,
      'secondary-limit': () => secondaryLimit(fault.retryAfterSeconds ?? 60),
    }
    return send(world, reply, failure(errors[fault.answer]()))
  }
  const answer = await answerTo(world, route, request)
  return send(world, reply, fault?.answerLost ? failure(lost()) : answer)
}

async function answerTo(world: World, route: Route, request: FastifyRequest): Promise<Answer> {
  let budget: Budget | undefined
  try {
    const actor = authenticate(world, request.headers.authorization)
    const { caller, limit } = payer(actor, request.ip)
    const free = route.path === '/rate_limit'
    budget = free ? world.rateLimits.budget(caller, limit) : world.rateLimits.spend(caller, limit)
    // GitHub does not say which writes create content; the strict reading is all of them.
    if (route.method !== 'GET' && route.path.startsWith('/repos/')) world.rateLimits.spendContent(caller)
    const call = callOf(world, actor, request)
    const answer = conditional(moved(call, route) ?? (await route.handle(call)), request)
    if (answer.status === 304 && !free) budget = world.rateLimits.refund(caller, limit)
    return { ...answer, headers: { ...budgetHeaders(budget), ...answer.headers } }
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error
    const answer = failure(error)
    return { ...answer, headers: { ...(budget ? budgetHeaders(budget) : {}), ...answer.headers } }
  }
}

function callOf(world: World, actor: Actor, request: FastifyRequest): Call {
  const params = withNames(world, request.params as Record<string, string>)
  return {
    world,
    actor,
    body: fieldsOf(json(request.body)),
    url: new URL(request.url, world.url),
    param: (name) => params[name] ?? params['*'] ?? '',
    header: (name) => {
      const value = request.headers[name]
      return Array.isArray(value) ? value[0] : value
    },
  }
}

function json(body: unknown): unknown {
  if (typeof body !== 'string' || body.trim() === '') return {}
  try {
    return JSON.parse(body)
  } catch {
    throw new GitHubError(400, 'Problems parsing JSON')
  }
}

/** Gives successful reads an ETag, and 304 to who has it already. */
function conditional(answer: Answer, request: FastifyRequest): Answer {
  if (request.method !== 'GET' || answer.status !== 200) return answer
  const text = JSON.stringify(answer.body)
  const etag = `W/"${createHash('sha256').update(text).digest('hex')}"`
  const headers = { ...answer.headers, etag, 'cache-control': 'private, max-age=60, s-maxage=60' }
  const known = String(request.headers['if-none-match'] ?? '').split(/\s*,\s*/)
  if (known.includes(etag) || known.includes(etag.slice(2))) return { status: 304, headers }
  return { ...answer, headers }
}

const failure = (error: GitHubError): Answer => ({
  status: error.status,
  body: errorBody(error),
  headers: error.headers,
})

const budgetHeaders = ({ limit, used, resetSeconds }: Budget) => ({
  'x-ratelimit-limit': String(limit),
  'x-ratelimit-remaining': String(limit - used),
  'x-ratelimit-used': String(used),
  'x-ratelimit-reset': String(resetSeconds),
  'x-ratelimit-resource': 'core',
})

async function send(world: World, reply: FastifyReply, answer: Answer) {
  // octokit corrects its clock by this header when an App's token is refused for its times.
  reply.header('date', new Date(world.clock.now()).toUTCString())
  reply.header('x-github-request-id', `${reply.request.id}`)
  reply.header('x-github-media-type', 'github.v3; format=json')
  reply.header('x-github-enterprise-version', '3.18.0')
  reply.headers({ ...answer.headers }).code(answer.status)
  if (answer.body === undefined) return reply.send()
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer.body))
}
