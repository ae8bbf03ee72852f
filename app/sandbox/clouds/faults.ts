/**
 * What a call meets. `unavailable`: 503. `broken`: 500. `reset`: it is carried out, and the connection is reset before the answer. `stale`: reads show what
 * was there before the last write. `expired`: the caller's credentials are no longer taken. `forbidden`: he may not.
 */
export type CloudFault<Call extends string = string> = {
  readonly answer:
    | 'throttled'
    | 'unavailable'
    | 'broken'
    | 'conflict'
    | 'hang'
    | 'reset'
    | 'stale'
    | 'expired'
    | 'forbidden'
  /** The calls that meet it; all of them unless told. */
  readonly on?: readonly Call[]
  /** Only calls that say this. */
  readonly about?: string
  /** How many of these calls go by before. */
  readonly after?: number
  /** How many calls meet it; without it, until cleared. */
  readonly count?: number
  /** Called each time it is met. */
  readonly met?: () => void
}

/** @param apart calls that meet a fault only where it names them */
export const createFaults = <Call extends string = string>(apart: readonly NoInfer<Call>[] = []) => {
  const active = new Map<CloudFault<Call>, { before: number; left: number }>()
  const watchers = new Set<(call: Call, said: string) => void>()
  return {
    /** The function returned takes it away. */
    plan(fault: CloudFault<Call>): () => void {
      active.set(fault, { before: fault.after ?? 0, left: fault.count ?? Infinity })
      return () => active.delete(fault)
    },
    /** Tells every call from now on, with what it says. The function returned ends that. */
    watch(tell: (call: Call, said: string) => void): () => void {
      watchers.add(tell)
      return () => watchers.delete(tell)
    },
    /** @param said the call's own words: whom and what it is about */
    meet(call: Call, said = ''): CloudFault['answer'] | undefined {
      for (const tell of watchers) tell(call, said)
      for (const [fault, counts] of active) {
        if (fault.on === undefined ? apart.includes(call) : !fault.on.includes(call)) continue
        if (fault.about !== undefined && !said.includes(fault.about)) continue
        if (counts.before > 0) {
          counts.before--
          continue
        }
        counts.left--
        if (counts.left <= 0) active.delete(fault)
        fault.met?.()
        return fault.answer
      }
      return undefined
    },
  }
}

export type Faults = Pick<ReturnType<typeof createFaults>, 'plan' | 'watch'>
