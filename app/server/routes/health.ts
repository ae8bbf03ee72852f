import type { FastifyInstance } from 'fastify'
import type { ServerDeps } from '../deps.ts'

/** Open to monitors: alive, ready (names what is missing), metrics. */
export function healthRoutes(app: FastifyInstance, deps: ServerDeps): void {
  app.get('/healthz', async () => ({ status: 'ok' }))

  app.get('/readyz', async (_, reply) => {
    const components = await deps.readiness()
    const missing = components.filter((component) => !component.up).map((component) => component.name)
    return reply
      .code(missing.length === 0 ? 200 : 503)
      .send({ status: missing.length === 0 ? 'ready' : 'not ready', missing, components })
  })

  app.get('/metrics', async (_, reply) => {
    const { contentType, text } = await deps.metrics()
    return reply.header('content-type', contentType).send(text)
  })
}
