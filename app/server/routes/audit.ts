import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { LedgerFilter, Sealed } from '../../reconcile/ports/ledger.ts'
import { parseRequestId } from '../../request/id.ts'
import { type Caller, mayReadEvent, seesAll } from '../authorise.ts'
import type { Callers } from '../caller.ts'
import type { ServerDeps } from '../deps.ts'
import { mustBeSomebody, type Named, requestsOf, whoIs } from '../named.ts'
import { read } from '../read.ts'
import { type Readings, stillWaited } from '../readings.ts'

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))
const query = z.strictObject({
  user: z.string().min(1).optional(),
  request: z
    .string()
    .refine((text) => parseRequestId(text) !== undefined, 'is no request id')
    .transform((text) => parseRequestId(text))
    .optional(),
  since: instant.optional(),
  until: instant.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
})

/** The ledger's events in order, the newest `limit` of those that match and that the caller may see. */
export function auditRoutes(
  app: FastifyInstance,
  deps: ServerDeps,
  callers: Callers,
  readings: Readings,
): void {
  app.get('/api/v1/audit', async (request) => {
    // Asked for first: it hears of no hang-up that was before.
    const { signal } = request
    const caller = await callers.identify(request)
    const wanted = read(query, request.query)
    return readings(caller, 'events', () => answer(caller, wanted, signal))
  })

  async function answer(caller: Caller, wanted: z.infer<typeof query>, hungUp: AbortSignal) {
    const all = seesAll(caller, deps.facts)
    const own = new Set<string>(
      all ? [] : (await deps.status({ requesterId: caller.id })).map((row) => row.request.id),
    )
    const { user } = wanted
    const person = user === undefined ? undefined : await whoIs(user, caller, deps)
    const about = person === undefined ? undefined : await aboutOf(person, deps)
    const filter: LedgerFilter = {
      ...(wanted.request === undefined ? {} : { request: wanted.request }),
      ...(wanted.since === undefined ? {} : { since: wanted.since }),
      ...(wanted.until === undefined ? {} : { until: wanted.until }),
      ...(all ? {} : { concerning: { user: caller.id, requests: [...own] } }),
    }
    const found: Sealed[] = []
    for await (const sealed of deps.events(filter)) {
      stillWaited(hungUp)
      if (about !== undefined && !about(sealed)) continue
      if (!mayReadEvent(sealed.event, caller, own, deps.facts)) continue
      found.push(sealed)
      if (found.length === wanted.limit) break
    }
    if (found.length === 0 && user !== undefined && person !== undefined)
      await mustBeSomebody(user, person, caller, deps)
    return found
      .reverse()
      .map(({ seq, event, leaf }) => ({ seq, ...event, leaf: Buffer.from(leaf).toString('hex') }))
  }
}

/** Events by or about a person: what they did, and what became of their requests. */
async function aboutOf(person: Named, deps: ServerDeps): Promise<(sealed: Sealed) => boolean> {
  const requests = new Set<string>((await requestsOf(person, {}, deps)).map(({ request }) => request.id))
  return ({ event: { actor, request, grant } }) =>
    (actor.kind === 'user' && person.ids.has(Number(actor.id))) ||
    (actor.login !== undefined && actor.login.toLowerCase() === person.login) ||
    (request !== undefined && requests.has(request)) ||
    (grant !== undefined && requests.has(grant))
}
