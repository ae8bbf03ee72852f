import { isDeepStrictEqual } from 'node:util'
import { skewMs } from '../../grant/bounds.ts'

/** A session that is refused. Times are epoch milliseconds. */
export type Denial = {
  /** `<role id>:<session name>`, as `aws:userid` has it. */
  readonly userid: string
  /** From when on the policy that says so was there, by the clock of whoever wrote it. */
  readonly since: number
  /** From when on no credential of the session can be alive, so that it may leave. */
  readonly until: number
}

/** "Changes … can take several minutes": how long a policy that is there may still not be in force everywhere. */
export const propagationMs = 5 * 60_000

/** Few moments, so that what is refused together stands in one statement: the policies of a role have 10,240 bytes. */
const sinceStepMs = 15_000
const untilStepMs = 3_600_000

const sid = /^S([0-9a-z]{1,9})U([0-9a-z]{1,9})$/

/** What our inline policy of a role says; nothing where somebody rewrote it into what we would not write. */
export const readDenials = (text: string | undefined): readonly Denial[] =>
  statementsOf(text).flatMap((found): readonly Denial[] => {
    const { Sid = '', Condition } = found ?? {}
    const [, since, until] = sid.exec(Sid) ?? []
    const ids = Condition?.StringEquals?.['aws:userid']
    if (since === undefined || until === undefined || !Array.isArray(ids)) return []
    if (!isDeepStrictEqual(found, refusing(Sid, ids))) return []
    return ids.map((userid: string) => ({ userid, since: timeOf(since), until: timeOf(until) }))
  })

const refusing = (Sid: string, userids: readonly string[]) => ({
  Sid,
  Effect: 'Deny',
  Action: '*',
  Resource: '*',
  Condition: { StringEquals: { 'aws:userid': userids } },
})

/** The policy that refuses these sessions; undefined: none is needed. */
export const writeDenials = (denials: readonly Denial[]): string | undefined => {
  const statements = new Map<string, string[]>()
  for (const { userid, since, until } of denials) {
    const name = `S${textOf(since)}U${textOf(until)}`
    statements.set(name, [...(statements.get(name) ?? []), userid])
  }
  if (statements.size === 0) return undefined
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [...statements].map(([name, ids]) => refusing(name, ids)),
  })
}

/**
 * With one more session, written not later than `since`; those that are dead or in force are tidied. The same array
 * where the session was there.
 */
export const withDenial = (
  denials: readonly Denial[],
  userid: string,
  { now, since, until }: { readonly now: number; readonly since: number; readonly until: number },
): readonly Denial[] => {
  if (denials.some((one) => one.userid === userid)) return denials
  const fresh = { userid, since: up(since, sinceStepMs), until: up(until, untilStepMs) }
  return [...tidy(denials, now), fresh]
}

/** Without those that are dead; those in force by whatever clock need no moment any more. */
export const tidy = (denials: readonly Denial[], now: number): readonly Denial[] =>
  denials
    .filter(({ until }) => until > now)
    .map((one) => (isInForce(one.since + skewMs, now) ? { ...one, since: 0 } : one))

/** Whether what was there at that moment (epoch ms) is in force everywhere. */
export const isInForce = (since: number, now: number): boolean => since + propagationMs <= now

type Statement = {
  readonly Sid?: string
  readonly Condition?: { readonly StringEquals?: Readonly<Record<string, unknown>> }
}

const statementsOf = (text: string | undefined): readonly (Statement | null)[] => {
  try {
    const { Statement } = JSON.parse(text ?? '{}') as { readonly Statement?: unknown }
    return Array.isArray(Statement) ? Statement : []
  } catch {
    return []
  }
}

const up = (at: number, step: number): number => Math.ceil(at / step) * step
const textOf = (at: number): string => Math.round(at / 1000).toString(36)
const timeOf = (text: string): number => Number.parseInt(text, 36) * 1000
