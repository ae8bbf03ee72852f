import { randomUUID } from 'node:crypto'
import { fastify } from 'fastify'
import { createCallers } from './caller.ts'
import type { ServerDeps } from './deps.ts'
import { asProblem, Problem, problemBody, problemStatus } from './problem.ts'
import { createReadings } from './readings.ts'
import { auditRoutes } from './routes/audit.ts'
import { healthRoutes } from './routes/health.ts'
import { policyRoutes } from './routes/policies.ts'
import { requestRoutes } from './routes/requests.ts'
import { serviceRoutes } from './routes/service.ts'
import { webhookRoutes } from './routes/webhooks.ts'

export type Server = {
  /** Resolves once it listens, with its address: `http://host:port`. Port 0 takes any free one. */
  listen(at: { readonly host: string; readonly port: number }): Promise<string>
  /** Takes no more calls, finishes those in flight, within a few seconds, then resolves. */
  stop(): Promise<void>
}

/** Webhooks, API, health and metrics over HTTP. Answers errors as RFC 9457; logs each that is ours. */
export function createServer(deps: ServerDeps, { graceMs = 10_000 } = {}): Server {
  const app = fastify({
    logger: false,
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    // Of the whole request: fastify's own default is none.
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 200 },
  })

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
  })
  // A kept-alive connection that falls idle after `close` would hold it up for a minute.
  let stopping = false
  app.addHook('onSend', async (_, reply) => {
    if (stopping) reply.header('connection', 'close')
  })
  app.addHook('onResponse', async (request, reply) => {
    const path = request.routeOptions.url ?? 'unknown'
    // Probes and scrapes come every few seconds and say nothing.
    if (['/healthz', '/readyz', '/metrics'].includes(path)) return
    deps.log.info('answered', {
      request_id: request.id,
      method: request.method,
      path,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    })
  })
  app.setErrorHandler((error, request, reply) => {
    const problem = asProblem(error)
    if (problemStatus[problem.code] >= 500)
      deps.log.error('call failed', {
        request_id: request.id,
        method: request.method,
        path: request.routeOptions.url ?? 'unknown',
        error,
      })
    if (problem.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer')
    if (problem.code === 'busy') reply.header('retry-after', '1')
    return reply
      .code(problemStatus[problem.code])
      .type('application/problem+json')
      .send(problemBody(problem, request.id))
  })
  app.setNotFoundHandler((request) => {
    throw new Problem(
      'not_found',
      `There is no ${request.method} ${request.url.split('?')[0]} here.`,
      'docs/api.md lists what there is',
    )
  })

  app.removeContentTypeParser('text/plain')

  const callers = createCallers(deps)
  const readings = createReadings(deps.facts)
  healthRoutes(app, deps)
  webhookRoutes(app, deps)
  requestRoutes(app, deps, callers, readings)
  auditRoutes(app, deps, callers, readings)
  policyRoutes(app, deps, callers, readings)
  serviceRoutes(app, deps, callers)

  return {
    listen: async ({ host, port }) => {
      await app.listen({ host, port })
      const bound = app.server.address()
      return `http://${host.includes(':') ? `[${host}]` : host}:${typeof bound === 'object' && bound !== null ? bound.port : port}`
    },
    stop: async () => {
      stopping = true
      // Who sends a call byte by byte must not keep what comes after this, the last checkpoint, from being done.
      const grace = setTimeout(() => app.server.closeAllConnections(), graceMs)
      await app.close()
      clearTimeout(grace)
    },
  }
}
