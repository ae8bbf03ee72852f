import type { Json } from '../../audit/event.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import type { Ledger } from '../../reconcile/ports/ledger.ts'

/** The last decision on a request that asked the policies. `input`: digest of its evidence. */
export type RecordedDecision = { readonly request: string; readonly path: string; readonly input: string }

/** More requests than this are not replayed: the last decided go first. */
export const mostReplayed = 2000

/**
 * The last signed decision on each request of a repository since a moment (epoch ms), newest first, at most
 * `mostReplayed`; `left`: how many older ones there are besides.
 */
export async function recordedDecisions(
  { ledger, keys }: { readonly ledger: Pick<Ledger, 'read'>; readonly keys: Pick<Keys, 'verify'> },
  repository: number,
  since: number,
): Promise<{ readonly decisions: readonly RecordedDecision[]; readonly left: number }> {
  const last = new Map<string, RecordedDecision>()
  const dropped = new Set<string>()
  for await (const { event } of ledger.read({ types: ['request.evaluated'], since })) {
    const { request, repo, data } = event
    const input = inputOf(data.evaluations)
    if (repo !== repository || request === undefined || typeof data.path !== 'string' || !input) continue
    if (!keys.verify(event)) continue
    last.delete(request)
    dropped.delete(request)
    last.set(request, { request, path: data.path, input })
    const [oldest] = last.keys()
    if (last.size <= mostReplayed || oldest === undefined) continue
    last.delete(oldest)
    dropped.add(oldest)
  }
  return { decisions: [...last.values()].reverse(), left: dropped.size }
}

/** What the policies were asked with the requester as their user. */
function inputOf(evaluations: Json | undefined): string | undefined {
  if (!Array.isArray(evaluations)) return undefined
  for (const one of evaluations as readonly Json[]) {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) continue
    const { reviewer, input } = one as { readonly [key: string]: Json }
    if (reviewer === undefined && typeof input === 'string') return input
  }
  return undefined
}
