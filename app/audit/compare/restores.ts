import type { Claim, ClaimFault } from '../claim.ts'
import type { LedgerEvent } from '../event.ts'
import { hex } from '../hex.ts'
import type { Anchors } from './anchors.ts'
import { type Comparison, events, plural } from './comparison.ts'

/** What somebody holds that the ledger lacks or contradicts. */
type Held = Claim | ClaimFault

/** An anchor and its place on the branch, the first being 0. */
type Anchor = { readonly size: number; readonly place: number }

type Restore = Anchor & {
  readonly seq: number
  readonly commit: string
  /** Hex. */
  readonly root: string
  /** The newest anchor before it that held: what that covers was not lost. */
  readonly kept: Anchor
}

/**
 * Reads signed `ledger.restored` events: a backup took the database's place, and somebody said that what the anchor
 * they name held is lost. That excuses the anchors from that one back to the newest that held, on record or by what it
 * says, and receipts of events between the two; and of what a witness or an earlier run holds, only what says the same
 * as one of these anchors. Everything else that differs is a fault, as if nothing had been said.
 * @param anchors undefined: no clone has the branch
 * @param ledger as it was verified; `faults` of what others hold of it
 */
export function createRestoreCheck(
  anchors: Anchors | undefined,
  ledger: { readonly size: number; readonly faults: readonly ClaimFault[] },
  isSigned: (event: LedgerEvent) => boolean,
) {
  const restores: Restore[] = []
  const idle: string[] = []
  let onRecord: Anchor = { size: 0, place: -1 }
  const placeOf = (commit: string | undefined): number =>
    (commit === undefined ? undefined : anchors?.places.get(commit)) ?? -1

  const restored = (seq: number, event: LedgerEvent): void => {
    const { commit, data } = event
    if (commit === undefined || typeof data.size !== 'number') return
    if (!isSigned(event)) idle.push(`event ${seq} excuses nothing: no key is known that signed it`)
    else if (anchors !== undefined && !isSame(anchors.checkpoints.get(commit), data))
      idle.push(`event ${seq} excuses nothing: the anchor ${commit.slice(0, 12)} does not say what it says`)
    else {
      const named = { size: data.size, place: placeOf(commit) }
      const kept = newestThatHeld(anchors, ledger, named.place) ?? onRecord
      const later = kept.place > onRecord.place ? kept : onRecord
      restores.push({ ...named, seq, commit, root: String(data.root), kept: later })
    }
  }
  const isLost = (commit: string | undefined, { kept, place }: Restore): boolean => {
    const at = placeOf(commit)
    return kept.place < at && at <= place
  }
  const isBetween = (size: number, { kept, size: named }: Restore): boolean =>
    kept.size < size && size <= named

  let bySaying: ReadonlyMap<string, readonly (readonly [commit: string, said: Claim])[]> | undefined
  const saysTheSame = (size: number, root: string, one: Restore): boolean => {
    if (size === one.size && root === one.root) return true
    bySaying ??= Map.groupBy(anchors?.checkpoints ?? [], ([, said]) => `${said.size} ${hex(said.root)}`)
    return bySaying.get(`${size} ${root}`)?.some(([commit]) => isLost(commit, one)) ?? false
  }

  return {
    see(seq: number, event: LedgerEvent): void {
      const place = placeOf(event.commit)
      if (event.type === 'ledger.restored') restored(seq, event)
      else if (event.type === 'ledger.anchored' && place >= onRecord.place)
        onRecord = { size: Number(event.data.size), place }
    },
    excuses(held: Held): boolean {
      const { of, commit, size } = held
      if (of === 'checkpoints' || size === undefined) return false
      return restores.some((one) => {
        if (of === 'anchors') return isLost(commit, one)
        if (!isBetween(size, one)) return false
        // That it is not stored any more; should it contradict the ledger, that is said besides.
        if (of === 'receipts' || isMissing(held)) return true
        const root = rootOf(held)
        return root !== undefined && saysTheSame(size, root, one)
      })
    },
    /** A receipt of an event that is not there. */
    excusesReceipt: (seq: number): boolean => restores.some((one) => isBetween(seq, one)),
    /** Whether the branch may fall back after this commit. */
    mayFallAfter: (commit: string): boolean => restores.some((one) => isLost(commit, one)),
    /**
     * Undefined where no backup was ever restored.
     * @param excused what was, to be counted apart: a claim may be at odds in more than one way
     * @param receipts how many are of events that were lost
     */
    end(excused: readonly Held[], receipts: number): Comparison | undefined {
      if (restores.length + idle.length === 0) return undefined
      const claims = new Map(excused.map(({ of, by, size }) => [`${of} ${by} ${size}`, of]))
      const count = (wanted: Held['of']) => [...claims.values()].filter((of) => of === wanted).length
      const counts = [
        [count('anchors'), 'anchor'],
        [receipts, 'receipt'],
        [count('witnesses'), "witness's checkpoint"],
        [count('earlier run'), "earlier run's checkpoint"],
      ] as const
      const told = counts.filter(([one]) => one > 0).map(([one, noun]) => plural(one, noun))
      return {
        of: 'restores',
        outcome: told.length === 0 ? 'agrees' : 'excused',
        said: `${plural(restores.length, 'loss', 'losses')} acknowledged; taken for no fault: ${told.join(', ') || 'nothing'}`,
        details: [
          ...restores.map(
            ({ seq, commit, size, kept }) =>
              `event ${seq}: a backup was restored; of the ${events(size)} under the anchor ${commit.slice(0, 12)}, those after event ${kept.size} may be lost`,
          ),
          ...idle,
        ],
      }
    },
  }
}

/** The newest anchor up to a place that the ledger agrees with. */
function newestThatHeld(
  anchors: Anchors | undefined,
  { size, faults }: { readonly size: number; readonly faults: readonly ClaimFault[] },
  upTo: number,
): Anchor | undefined {
  const atOdds = new Set(faults.filter(({ what }) => what !== 'checkpoint').map(({ commit }) => commit))
  return anchors?.claims
    .filter((claim) => claim.size <= size && !atOdds.has(claim.commit))
    .map((claim) => ({ size: claim.size, place: anchors.places.get(claim.commit ?? '') ?? -1 }))
    .filter(({ place }) => place <= upTo)
    .at(-1)
}

const isMissing = (held: Held): boolean => 'what' in held && held.what === 'checkpoint'

/** What it says of the ledger's root, in hex; undefined where it is at odds about something else. */
const rootOf = (held: Held): string | undefined => {
  if (!('what' in held)) return hex(held.root)
  return held.what === 'root' ? held.expected : undefined
}

const isSame = (said: Claim | undefined, { size, root, head }: LedgerEvent['data']): boolean =>
  said?.head !== undefined && said.size === size && hex(said.root) === root && hex(said.head) === head
