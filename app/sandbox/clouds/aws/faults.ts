/** Calls that can go wrong, by the names of AWS's actions. */
export type AwsCall = string

/**
 * What a call meets. `reset`: it is carried out, and the connection is reset before the answer. `stale`: reads show what
 * was there before the last write. `expired`: the caller's credentials are no longer taken.
 */
export type AwsFault = {
  readonly answer: 'throttled' | 'unavailable' | 'conflict' | 'hang' | 'reset' | 'stale' | 'expired'
  /** All of them unless told. */
  readonly on?: readonly AwsCall[]
  /** How many calls meet it; without it, until cleared. */
  readonly count?: number
}

export const createAwsFaults = () => {
  const active = new Map<AwsFault, number>()
  return {
    /** The function returned takes it away. */
    plan(fault: AwsFault): () => void {
      active.set(fault, fault.count ?? Infinity)
      return () => active.delete(fault)
    },
    meet(call: AwsCall): AwsFault['answer'] | undefined {
      for (const [fault, left] of active) {
        if (fault.on !== undefined && !fault.on.includes(call)) continue
        if (left <= 1) active.delete(fault)
        else active.set(fault, left - 1)
        return fault.answer
      }
      return undefined
    },
  }
}
