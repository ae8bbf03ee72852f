import { createHash } from 'node:crypto'
import type { LedgerEvent } from '../../../app/audit/event.ts'
import { fitting } from '../../../app/audit/fits.ts'
import { createStanding } from '../../../app/grant/standing.ts'
import type { Ledger, LedgerFilter, Sealed } from '../../../app/reconcile/ports/ledger.ts'
import { memoryKeys } from './keys.ts'
import type { MemoryTransactions } from './transaction.ts'

/**
 * The ledger in memory. Staged events wait for `seal`, which `sealed` calls unless the sealer is `down`.
 * `insert` is a hand in the database.
 */
export const memoryLedger = (
  transactions: MemoryTransactions,
  keys = memoryKeys(),
): Ledger & {
  seal(): void
  down: boolean
  events(): readonly LedgerEvent[]
  insert(event: LedgerEvent): void
} => {
  const sealed: Sealed[] = []
  const seqs = new Map<string, number>()
  let staged: { readonly id: string; readonly event: LedgerEvent }[] = []
  let ids = 0
  const standing = createStanding()
  let read = 0
  const put = (event: LedgerEvent): number => {
    const body = new TextEncoder().encode(JSON.stringify(event))
    const leaf = createHash('sha256').update(Uint8Array.of(0)).update(body).digest()
    const seq = sealed.length + 1
    sealed.push({ seq, event, body, leaf })
    return seq
  }
  const of = async (id: string) => sealed.filter(({ event }) => event.grant === id || event.request === id)
  const ledger = {
    down: false,
    stage: async (...[tx, event]: Parameters<Ledger['stage']>): Promise<string> => {
      const id = String(++ids)
      fitting(event)
      transactions.onCommit(tx, () => staged.push({ id, event }))
      return id
    },
    stageAll: async (...[tx, events]: Parameters<Ledger['stageAll']>): Promise<readonly string[]> =>
      Promise.all(events.map((event) => ledger.stage(tx, event))),
    sealed: async (wanted: readonly string[]): Promise<readonly number[]> => {
      if (!ledger.down) ledger.seal()
      return wanted.map((id) => {
        const seq = seqs.get(id)
        if (seq === undefined) throw new Error(`event ${id} was not sealed in time`)
        return seq
      })
    },
    waiting: async (type: LedgerEvent['type']) =>
      staged.map(({ event }) => event).filter((event) => event.type === type),
    history: of,
    remains: of,
    async *read({ request, repository, types, since = 0, until, concerning, newestFirst }: LedgerFilter) {
      for (const one of newestFirst ? sealed.toReversed() : [...sealed]) {
        const { type, repo, at, ...event } = one.event
        const { actor, request: about = '', grant = '' } = event
        const caused = actor.kind === 'user' && actor.id === String(concerning?.user)
        const named = concerning?.requests.some((id) => id === about || id === grant)
        if (concerning !== undefined && !caused && !named) continue
        if (until !== undefined && Date.parse(at) >= until) continue
        if (request !== undefined && event.grant !== request && event.request !== request) continue
        if (repository !== undefined && repo !== repository) continue
        if (types?.includes(type) !== false && Date.parse(at) >= since) yield one
      }
    },
    standing: async () => {
      for (const { seq, event } of sealed.slice(read)) standing.push(event, seq, (one) => keys.verify(one))
      read = sealed.length
      return standing
    },
    keep: async () => undefined,
    seal: (): void => {
      for (const { id, event } of staged) seqs.set(id, put(event))
      staged = []
    },
    events: () => sealed.map(({ event }) => event),
    insert: (event: LedgerEvent): void => {
      put(event)
    },
  }
  return ledger
}
