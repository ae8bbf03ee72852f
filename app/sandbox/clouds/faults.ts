/**
 * What a call meets. `reset`: it is carried out, and the connection is reset before the answer. `stale`: reads show what
 * was there before the last write. `expired`: the caller's credentials are no longer taken.
 */
export type CloudFault<Call extends string = string> = {
  readonly answer: 'throttled' | 'unavailable' | 'conflict' | 'hang' | 'reset' | 'stale' | 'expired'
  /** The calls that meet it; all of them unless told. */
  readonly on?: readonly Call[]
  /** How many calls meet it; without it, until cleared. */
  readonly count?: number
}

/** @param apart calls that meet a fault only where it names them */
export const createFaults = <Call extends string = string>(apart: readonly NoInfer<Call>[] = []) => {
  const active = new Map<CloudFault<Call>, number>()
  return {
    /** The function returned takes it away. */
    plan(fault: CloudFault<Call>): () => void {
      active.set(fault, fault.count ?? Infinity)
      return () => active.delete(fault)
    },
    meet(call: Call): CloudFault['answer'] | undefined {
      for (const [fault, left] of active) {
        if (fault.on === undefined ? apart.includes(call) : !fault.on.includes(call)) continue
        if (left <= 1) active.delete(fault)
        else active.set(fault, left - 1)
        return fault.answer
      }
      return undefined
    },
  }
}
