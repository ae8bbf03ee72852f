/**
 * What a call meets. `reset`: it is carried out, and the connection is reset before the answer. `stale`: reads show what
 * was there before its last change. `expired`: the token is no longer taken.
 */
export type AzureFault = {
  readonly answer: 'throttled' | 'unavailable' | 'conflict' | 'hang' | 'reset' | 'stale' | 'expired'
  /** Actions, as `roleAssignments/write`, or `token`; every action unless told. */
  readonly on?: readonly string[]
  /** How many calls meet it; without it, until cleared. */
  readonly count?: number
}

export const createAzureFaults = () => {
  const active = new Map<AzureFault, number>()
  return {
    /** The function returned takes it away. */
    plan(fault: AzureFault): () => void {
      active.set(fault, fault.count ?? Infinity)
      return () => active.delete(fault)
    },
    meet(call: string): AzureFault['answer'] | undefined {
      for (const [fault, left] of active) {
        if (fault.on === undefined ? call === 'token' : !fault.on.includes(call)) continue
        if (left <= 1) active.delete(fault)
        else active.set(fault, left - 1)
        return fault.answer
      }
      return undefined
    },
  }
}
