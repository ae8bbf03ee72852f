import type { FastifyInstance } from 'fastify'
import { type Component, isReady, type ServerDeps } from '../deps.ts'

/** Open to monitors: alive, and ready, or what is missing. */
export function probeRoutes(app: FastifyInstance, readiness: () => Promise<readonly Component[]>): void {
  app.get('/healthz', async () => ({ status: 'ok' }))

  app.get('/readyz', async (_, reply) => {
    const components = await readiness()
    const missing = components.filter((component) => !component.up).map((component) => component.name)
    const ready = isReady(components)
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', missing, components })
  })
}

/** The probes, and metrics. */
export function healthRoutes(app: FastifyInstance, deps: ServerDeps): void {
  probeRoutes(app, deps.readiness)

  app.get('/metrics', async (_, reply) => {
    const { contentType, text } = await deps.metrics()
    return reply.header('content-type', contentType).send(text)
  })
}
