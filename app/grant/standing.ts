import type { LedgerEvent } from '../audit/event.ts'
import { signedTypes } from '../audit/event-schemas.ts'
import { parseInstant } from '../request/instant.ts'
import type { Intent } from './intent.ts'
import { readIntent, readSchedule } from './intent-event.ts'
import { blocking, placed } from './ledger-view.ts'

/** A grant with a verified intent or schedule and no verified end. */
export type Open = {
  /** What the intent says, and where its grant was seen to have a place; of a scheduled one, what its schedule says. */
  readonly intent: Intent
  /** Where that event lies. */
  readonly seq: number
  readonly stage: 'scheduled' | 'intended' | 'issued'
  /** A revoke intent, end, failure or refusal is sealed, verified or not: nothing may be given any more. */
  readonly blocked: boolean
  /** Since when, by the earliest of these: epoch ms. */
  readonly blockedAt?: number
}

/** A policy that two administrators have disabled; `from`, `until`: epoch ms. */
export type Override = {
  /** Where its event lies. */
  readonly seq: number
  readonly repository: number
  readonly policy: string
  readonly from: number
  readonly until: number
  readonly by: readonly { readonly id: number; readonly login: string }[]
}

/** An event about policies that was accepted, refused or loaded; `seq`: where it lies. */
export type PolicyWord = { readonly seq: number; readonly event: LedgerEvent }

/** What was found in a cloud with our mark and no grant, and perhaps taken away since; `seq`: where that was said last. */
export type Stray = {
  readonly seq: number
  readonly grant: string
  readonly provider: string
  readonly handle: string
  readonly finding: 'orphan' | 'resurrected'
  readonly why: string
}

/** Where a request lay: one path is one request for ever (trust.md 3.4). */
export type Lay = Pick<Intent, 'repository' | 'path'>

/** What the ledger as a whole says now, by verified events alone (trust.md 5). */
export type Standing = {
  readonly open: ReadonlyMap<string, Open>
  /** Over or refused, each until the moment (epoch ms) from which nothing could be given anyway. */
  readonly closed: ReadonlyMap<string, number>
  /** Those of them that were granted, or were to be: where their requests lay. */
  readonly over: ReadonlyMap<string, Lay>
  /** Taken away before their end, which has not come: nothing but the cloud's word keeps out what they had begun. */
  readonly revoked: ReadonlyMap<string, Intent>
  /** Of these, open and revoked, those whose `credentials.issued` is sealed, verified or not. */
  readonly given: ReadonlySet<string>
  /** Those of which it is not known: an older release kept what it had read without it. */
  readonly perhapsGiven: ReadonlySet<string>
  /** The last override of each policy, by `overrideKey`, over or not. */
  readonly overrides: ReadonlyMap<string, Override>
  /** Found, and not on record as gone, one of each grant and place. */
  readonly strays: ReadonlyMap<string, Stray>
  /** What was said of each repository's policies, oldest first. */
  readonly policies: ReadonlyMap<number, readonly PolicyWord[]>
  /** Why nothing may be given by anybody: events that were there are gone, or were altered. */
  readonly broken?: string
}

export const overrideKey = (repository: number, policy: string): string => `${repository}/${policy}`

const ofPolicies: ReadonlySet<LedgerEvent['type']> = new Set([
  'policy.accepted',
  'policy.refused',
  'policy.loaded',
])

/** A request that was refused cannot be decided again after `grantWindow`, which is far shorter. */
const refusedMs = 24 * 3_600_000

/** Folds the whole ledger, in order, into what stands; forgets what can no longer matter. */
export const createStanding = () => {
  const open = new Map<string, Open>()
  const closed = new Map<string, number>()
  const laid = new Map<string, Lay>()
  const revoked = new Map<string, Intent>()
  const given = new Set<string>()
  const perhapsGiven = new Set<string>()
  const overrides = new Map<string, Override>()
  const policies = new Map<number, PolicyWord[]>()
  const strays = new Map<string, Stray>()

  const begin = (id: string, event: LedgerEvent, seq: number): void => {
    const known = open.get(id)
    if (closed.has(id) || (known !== undefined && known.stage !== 'scheduled')) return
    const intent = readIntent(event)
    if (intent?.grant === id) open.set(id, { blocked: false, ...known, intent, seq, stage: 'intended' })
    const schedule = known === undefined ? readSchedule(event) : undefined
    if (schedule?.grant === id) {
      const { durationMs, ...terms } = schedule
      const endsAt = terms.startsAt + durationMs
      open.set(id, { intent: { ...terms, endsAt }, seq, stage: 'scheduled', blocked: false })
    }
  }
  const block = (id: string, event: LedgerEvent, over: boolean): void => {
    const known = open.get(id)
    const at = parseInstant(event.at) ?? 0
    if (known === undefined) {
      if (!closed.has(id)) closed.set(id, at + refusedMs)
    } else if (over) {
      open.delete(id)
      laid.set(id, { repository: known.intent.repository, path: known.intent.path })
      if (event.type === 'grant.revoked' && known.stage !== 'scheduled') revoked.set(id, known.intent)
      // A merge can still be decided within `grantWindow`, however short the grant was.
      closed.set(id, Math.max(known.intent.endsAt, at + refusedMs))
    } else open.set(id, { ...known, blocked: true, blockedAt: Math.min(at, known.blockedAt ?? at) })
  }

  /** One that began before another cannot come after it: it was put on record once more. */
  const follow = (override: Override): void => {
    const key = overrideKey(override.repository, override.policy)
    if (override.from >= (overrides.get(key)?.from ?? override.from)) overrides.set(key, override)
  }

  const sight = (event: LedgerEvent, seq: number): void => {
    const told = readStray(event, seq)
    if (told === undefined) return
    const { gone, ...found } = told
    const key = JSON.stringify([found.provider, found.handle, found.grant])
    if (gone) strays.delete(key)
    else strays.set(key, found)
  }

  return {
    open: open as ReadonlyMap<string, Open>,
    closed: closed as ReadonlyMap<string, number>,
    over: laid as ReadonlyMap<string, Lay>,
    revoked: revoked as ReadonlyMap<string, Intent>,
    given: given as ReadonlySet<string>,
    perhapsGiven: perhapsGiven as ReadonlySet<string>,
    overrides: overrides as ReadonlyMap<string, Override>,
    policies: policies as ReadonlyMap<number, readonly PolicyWord[]>,
    strays: strays as ReadonlyMap<string, Stray>,
    /** The next event. @returns whether it is one that gitsudo would have signed, and did not */
    push(event: LedgerEvent, seq: number, verify: (event: LedgerEvent) => boolean): boolean {
      const { type } = event
      if (type === 'grant.refused' || signedTypes.has(type)) {
        const verified = verify(event)
        const id = event.grant ?? event.request
        if (id !== undefined) {
          if (verified && (type === 'grant.intended' || type === 'grant.scheduled')) begin(id, event, seq)
          const known = open.get(id)
          if (verified && type === 'grant.observed' && known !== undefined && known.stage !== 'scheduled')
            open.set(id, { ...known, intent: placed(known.intent, event) })
          if (verified && type === 'grant.issued' && known?.stage === 'intended')
            open.set(id, { ...known, stage: 'issued' })
          const intent = known?.intent ?? revoked.get(id)
          if (type === 'credentials.issued' && intent !== undefined) given.add(intent.grant)
          if (blocking.has(type)) block(id, event, verified && type !== 'grant.revoke_intended')
        }
        if (verified && type === 'policy.overridden') {
          const override = readOverride(event, seq)
          if (override !== undefined) follow(override)
        }
        if (verified && type === 'grant.drift') sight(event, seq)
        if (verified && ofPolicies.has(type) && event.repo !== undefined) {
          const words = policies.get(event.repo) ?? []
          words.push({ seq, event })
          policies.set(event.repo, words)
        }
        return !verified && signedTypes.has(type)
      }
      return false
    },
    /** What was closed, and revoked, before, and of whom credentials are, from what was kept outside. */
    close(
      known: readonly (readonly [string, number])[],
      lay: readonly (readonly [string, number, string])[] = [],
    ): void {
      for (const [id, until] of known) closed.set(id, until)
      for (const [id, repository, path] of lay) laid.set(id, { repository, path })
    },
    revoke(known: readonly Intent[]): void {
      for (const intent of known) revoked.set(intent.grant, intent)
    },
    /** @param known undefined: nobody kept it, and it may be any of them */
    give(known: readonly string[] | undefined, perhaps: readonly string[] = []): void {
      for (const id of known ?? []) given.add(id)
      for (const id of known === undefined ? [...open.keys(), ...revoked.keys()] : perhaps)
        perhapsGiven.add(id)
    },
    /** Forgets what was over long enough ago. */
    forget(now: number): void {
      for (const [id, { endsAt }] of revoked) if (endsAt < now) revoked.delete(id)
      for (const [id, until] of closed) if (until < now) closed.delete(id)
      for (const id of laid.keys()) if (!closed.has(id)) laid.delete(id)
      for (const ids of [given, perhapsGiven])
        for (const id of ids) if (!open.has(id) && !revoked.has(id)) ids.delete(id)
    },
    /** One whose intent is gone, as it was known: only to be taken away. */
    recall(known: Open): void {
      open.set(known.intent.grant, known)
    },
    /** How far an open grant had come, and where its place is, from what was kept outside. */
    mark(
      id: string,
      {
        place,
        ...how
      }: Pick<Open, 'stage' | 'blocked' | 'blockedAt'> & { readonly place: string | undefined },
    ): void {
      const known = open.get(id)
      if (known === undefined) return
      const intent = { ...known.intent, ...(place === undefined ? {} : { place }) }
      open.set(id, { ...known, intent, ...how })
    },
  }
}

/** What a verified `grant.drift` says of what is no grant's; undefined: it is about a grant's own binding. */
const readStray = (
  { grant, data }: LedgerEvent,
  seq: number,
): (Stray & { readonly gone: boolean }) | undefined => {
  const { finding, provider, handle, why, gone } = data
  if (grant === undefined || (finding !== 'orphan' && finding !== 'resurrected')) return undefined
  if (typeof provider !== 'string' || typeof handle !== 'string') return undefined
  return { seq, grant, provider, handle, finding, why: String(why ?? ''), gone: gone === true }
}

/** The override that a verified `policy.overridden` starts or ends; undefined where it only asks for one. */
const readOverride = ({ repo, at, data }: LedgerEvent, seq: number): Override | undefined => {
  const { policy, phase, until, by } = data
  const from = parseInstant(at)
  const end = typeof until === 'string' ? parseInstant(until) : undefined
  if (repo === undefined || typeof policy !== 'string' || from === undefined || end === undefined)
    return undefined
  if ((phase !== 'started' && phase !== 'ended') || !Array.isArray(by)) return undefined
  const people = (by as readonly unknown[]).flatMap((one) =>
    typeof one === 'object' && one !== null && 'id' in one && 'login' in one
      ? [{ id: Number(one.id), login: String(one.login) }]
      : [],
  )
  return { seq, repository: repo, policy, from, until: phase === 'started' ? end : from, by: people }
}
