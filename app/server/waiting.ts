import { fastify } from 'fastify'
import type { Component } from './deps.ts'
import { Problem, problemBody, problemStatus } from './problem.ts'
import { probeRoutes } from './routes/health.ts'

/**
 * Answers in the server's place while the service waits for what it cannot start without: alive, and not ready,
 * for want of `missing`; everything else is told to come again. Resolves once it listens, with what ends it.
 */
export const serveWaiting = async (
  at: { readonly host: string; readonly port: number },
  missing: () => Component,
): Promise<() => Promise<void>> => {
  const app = fastify({ logger: false, forceCloseConnections: true })
  probeRoutes(app, async () => [missing()])
  app.setNotFoundHandler((request, reply) => {
    const { name, detail } = missing()
    const problem = new Problem('unavailable', `The service waits for its ${name}.`, detail)
    return reply
      .code(problemStatus[problem.code])
      .header('retry-after', '5')
      .type('application/problem+json')
      .send(problemBody(problem, request.id))
  })
  await app.listen(at)
  return () => app.close()
}
