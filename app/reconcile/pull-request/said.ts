import type { EventType, LedgerEvent } from '../../audit/event.ts'
import { correctRequest } from '../../grant/moves.ts'
import { filedUnder } from '../observe/filed.ts'
import type { ObserveDeps } from '../observe/pull.ts'
import { mustBeWhole } from '../observe/trouble.ts'
import type { Sealed } from '../ports/ledger.ts'
import type { RequestRow } from '../ports/store.ts'

const verdictTypes: readonly EventType[] = ['grant.intended', 'grant.scheduled', 'grant.refused']

/** What the ledger says of the verdict on one request. */
export type Said = {
  readonly id: string
  readonly events: readonly Sealed[]
  /** It was granted or refused: by an event of gitsudo's, sealed or waiting for its seal. */
  readonly done: boolean
  /** It was not, and another hand was at its events: why nothing may be given. */
  readonly barred?: string
}

/**
 * What the ledger says of the verdicts on these requests.
 * @throws Trouble while the ledger lacks events, or may
 */
export const verdictsSaid = async (
  deps: Pick<ObserveDeps, 'ledger' | 'keys' | 'log'>,
  ids: readonly string[],
): Promise<readonly Said[]> => {
  const waiting: LedgerEvent[] = []
  for (const type of verdictTypes) waiting.push(...(await deps.ledger.waiting(type)))
  const standing = await deps.ledger.standing()
  mustBeWhole(standing)
  const { open, closed } = standing
  const said: Said[] = []
  for (const id of ids) {
    const { events, whole } = await filedUnder(deps, id)
    const verdicts = events.map(({ event }) => event).filter(({ type }) => verdictTypes.includes(type))
    const done =
      open.has(id) ||
      waiting.some(({ grant, request }) => (grant ?? request) === id) ||
      verdicts.some((event) => deps.keys.verify(event))
    const foreign = closed.has(id) || verdicts.length > 0
    said.push({ id, events, done, ...(done ? {} : barredBy(id, whole, foreign)) })
  }
  return said
}

const barredBy = (id: string, whole: boolean, foreign: boolean): Pick<Said, 'barred'> => {
  if (!whole) return { barred: `what the ledger says of ${id} was altered: run gitsudo audit verify` }
  if (!foreign) return {}
  return { barred: `the ledger has an event about ${id} that gitsudo did not sign: run gitsudo audit verify` }
}

/** The requests that were granted or refused. */
export const doneOf = (said: readonly Said[]): ReadonlySet<string> =>
  new Set(said.flatMap(({ id, done }) => (done ? [id] : [])))

/**
 * The rows, as waiting where one says granted or refused and the ledger does not: another hand wrote that.
 * @param rows read before: what was saved with them is in the ledger by now
 */
export const believed = async (
  deps: Pick<ObserveDeps, 'ledger' | 'keys' | 'log'>,
  rows: readonly RequestRow[],
): Promise<readonly RequestRow[]> => {
  const over = rows.filter(({ state }) => state === 'granted' || state === 'refused').map(({ id }) => id)
  if (over.length === 0) return rows
  const done = doneOf(await verdictsSaid(deps, over))
  return rows.map((row) => {
    if (!over.includes(row.id) || done.has(row.id)) return row
    deps.log.alert('request.row_differs', { request: row.id, state: row.state })
    return { ...row, state: correctRequest(row.state, 'pending') }
  })
}
