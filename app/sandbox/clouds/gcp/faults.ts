/** Calls that can go wrong. `token`: of the token endpoint. */
export type GcpCall = 'getIamPolicy' | 'setIamPolicy' | 'testIamPermissions' | 'search' | 'token'

/**
 * What a call meets. `reset`: it is carried out, and the connection is reset before the answer. `stale`: reads show the
 * policy as it was before its last write. `expired`: the token is no longer taken.
 */
export type GcpFault = {
  readonly answer: 'throttled' | 'unavailable' | 'conflict' | 'hang' | 'reset' | 'stale' | 'expired'
  /** All of them unless told. */
  readonly on?: readonly GcpCall[]
  /** How many calls meet it; without it, until cleared. */
  readonly count?: number
}

export const createGcpFaults = () => {
  const active = new Map<GcpFault, number>()
  return {
    /** The function returned takes it away. */
    plan(fault: GcpFault): () => void {
      active.set(fault, fault.count ?? Infinity)
      return () => active.delete(fault)
    },
    meet(call: GcpCall): GcpFault['answer'] | undefined {
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
