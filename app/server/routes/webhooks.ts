import { Transform } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { ServerDeps } from '../deps.ts'
import { Problem } from '../problem.ts'

/** GitHub sends at most 25 MB (GitHub docs, "Webhook events and payloads"). */
const largestPayload = 25 * 1024 * 1024
/** So much received of calls under way, of whose signatures nothing is known yet; GitHub tells of one that is refused. */
const mostUnderWay = 100 * 1024 * 1024

/** The one path that GitHub calls. Its body stays bytes: the signature is over them, and only they have a meaning. */
export function webhookRoutes(app: FastifyInstance, deps: Pick<ServerDeps, 'intake'>): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    let underWay = 0
    // By what came, not by what is announced: that costs nobody anything.
    scope.addHook('preParsing', async (_request, reply, payload) => {
      let received = 0
      reply.raw.once('close', () => {
        underWay -= received
      })
      const counted = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          received += chunk.length
          underWay += chunk.length
          if (underWay <= mostUnderWay) return done(null, chunk)
          done(new Problem('unavailable', 'Too much is being received.', 'send it again in a minute'))
        },
      })
      return Object.assign(payload.pipe(counted), { receivedEncodedLength: 0 })
    })
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: largestPayload },
      (_request, body, done) => done(null, body),
    )
    scope.post('/webhooks/github', { bodyLimit: largestPayload }, async (request, reply) => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(', ') : value,
        ]),
      )
      const { status, body } = await deps.intake(
        headers,
        Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
      )
      return reply.code(status).send(body)
    })
  })
}
