import { writeInstant } from '../request/instant.ts'
import { skewMs } from './bounds.ts'
import type { Intent } from './intent.ts'
import type { LedgerView } from './ledger-view.ts'
import type { Open } from './standing.ts'

/** A binding with our mark, as a cloud lists it (provider port); `handle` is the key of the grant whose place it is in. */
export type Found = {
  readonly grant: string
  readonly handle: string
  readonly principal: string
  readonly role: string
  readonly scope: string
  readonly expiresAt?: number
  readonly differs?: string
}

/** What a list says against the ledger. Each is a suspicion: a list is older than its reader. */
export type Suspects<F extends Found = Found> = {
  /** Live grants by whose binding more is given than was granted. */
  readonly drifted: readonly { readonly grant: string; readonly why: string }[]
  /** Active grants whose binding is not there. */
  readonly missing: readonly string[]
  /** With our mark, in no grant's place. */
  readonly strays: readonly F[]
}

/** Grants that a cloud of that name has to hold, by the ledger, unless they are being taken away. */
export const issuedIn = (open: ReadonlyMap<string, Open>, provider: string): ReadonlySet<string> =>
  new Set([...open].flatMap(([id, one]) => (isPlaced(one, provider) && one.stage === 'issued' ? [id] : [])))

/** What the cloud of that name may hold for grants, by the ledger: those given or being given, and not known to be over. */
export const intentsOf = (open: ReadonlyMap<string, Open>, provider: string): readonly Intent[] =>
  [...open.values()].flatMap((one) => (isPlaced(one, provider) ? [one.intent] : []))

const isPlaced = ({ intent, stage }: Open, provider: string): boolean =>
  intent.provider === provider && stage !== 'scheduled'

/** What more is there than was granted until `endsAt` (epoch ms), in words; undefined: nothing. */
export const excess = (
  seen: { readonly expiresAt?: number; readonly differs?: string },
  endsAt: number,
): string | undefined => {
  if (seen.differs !== undefined)
    return `the cloud holds it otherwise than was granted: ${told(seen.differs)}`
  if (seen.expiresAt === undefined || seen.expiresAt <= endsAt + skewMs) return undefined
  return `the cloud holds it for longer than was granted: ${until(seen.expiresAt)}`
}

/**
 * Compares what a cloud lists with what the ledger leaves open, read after the list: what gitsudo made was in the
 * ledger before it was in the cloud. A grant that is being taken away keeps its place until it is known to be over.
 * @param before grants that were issued when the list was asked for: one that came later cannot be missing
 * @param unread places that the list leaves out: nothing in them or in their accounts is missing
 */
export const compare = <F extends Found>(
  listed: readonly F[],
  open: ReadonlyMap<string, Open>,
  provider: { readonly name: string; bindingKey(intent: Intent): string; account(scope: string): string },
  before: ReadonlySet<string>,
  now: number,
  unread: readonly string[] = [],
): Suspects<F> => {
  const untold = new Set(unread.flatMap((place) => [place, provider.account(place)]).filter(Boolean))
  const isUntold = (scope: string): boolean => untold.has(scope) || untold.has(provider.account(scope))
  const placed = [...open.values()].filter((one) => isPlaced(one, provider.name))
  const places = Map.groupBy(placed, ({ intent }) => provider.bindingKey(intent))
  const keyOf = new Map(
    [...places].flatMap(([key, all]) => all.map(({ intent }) => [String(intent.grant), key])),
  )
  const there = new Set(listed.map(({ handle }) => handle))
  const isLive = ({ blocked, intent }: Open): boolean => !blocked && now < intent.endsAt
  const drifted = listed.flatMap((found) => {
    const live = (places.get(found.handle) ?? []).filter(isLive)
    if (live.length === 0) return []
    const why = excess(found, Math.max(...live.map(({ intent }) => intent.endsAt)))
    return why === undefined ? [] : live.map(({ intent }) => ({ grant: intent.grant, why }))
  })
  return {
    drifted: [...new Map(drifted.map((one) => [one.grant, one])).values()],
    missing: [...places].flatMap(([key, all]) =>
      there.has(key)
        ? []
        : all
            .filter((one) => isLive(one) && !isUntold(one.intent.scope))
            .flatMap(({ intent }) => (before.has(intent.grant) ? [intent.grant] : [])),
    ),
    strays: listed.filter(({ handle, grant }) => {
      const own = keyOf.get(grant)
      // One that only seems to be elsewhere must not be taken for a copy of itself.
      return !places.has(handle) && (own === undefined || there.has(own))
    }),
  }
}

/** Everything of one stray, observed afresh; `over.at`, `now`: epoch ms. */
type StrayFacts = {
  /** The grant of its mark, by its sealed events. */
  readonly ledger: LedgerView
  /** Its intent waits to be sealed. */
  readonly coming: boolean
  /** An open grant's place after all. */
  readonly taken: boolean
  /** How long after a grant's end a list may still show it. */
  readonly settleMs: number
}

/** What a stray is: `leave`, because a grant may have it, or had it a moment ago. */
export const strayVerdict = (
  { ledger, coming, taken, settleMs }: StrayFacts,
  now: number,
): 'orphan' | 'resurrected' | 'leave' => {
  if (coming || taken) return 'leave'
  const { intent, over } = ledger
  // The mark of a live grant, elsewhere; or of none that was ever given.
  if (intent === undefined || over === undefined) return 'orphan'
  return now < over.at + settleMs ? 'leave' : 'resurrected'
}

/** A stray in words. */
export const strayWords = ({ principal, role, scope, expiresAt }: Found): string =>
  told(`${principal} has ${role} on ${scope}${expiresAt === undefined ? '' : `, ${until(expiresAt)}`}`)

/** What a cloud says goes into events: bounded, and text that UTF-8 can hold. */
const told = (words: string): string => words.slice(0, 500).toWellFormed()

/** The last instant that RFC 3339 can write. */
const lastInstant = 253_402_300_799_999
const until = (at: number): string =>
  at > lastInstant ? 'without an end that can be read' : `until ${writeInstant(at)}`
