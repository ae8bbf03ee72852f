/**
 * What a call meets. `reset`: it is carried out, and the connection is reset before the answer. `stale`: reads show an
 * object as it was before its last write. `expired`: the token is no longer taken.
 */
export type KubernetesFault = {
  readonly answer: 'throttled' | 'unavailable' | 'conflict' | 'hang' | 'reset' | 'stale' | 'expired'
  /** HTTP methods; all of them unless told. */
  readonly on?: readonly string[]
  /** How many calls meet it; without it, until cleared. */
  readonly count?: number
}

export const createKubernetesFaults = () => {
  const active = new Map<KubernetesFault, number>()
  return {
    /** The function returned takes it away. */
    plan(fault: KubernetesFault): () => void {
      active.set(fault, fault.count ?? Infinity)
      return () => active.delete(fault)
    },
    meet(method: string): KubernetesFault['answer'] | undefined {
      for (const [fault, left] of active) {
        if (fault.on !== undefined && !fault.on.includes(method)) continue
        if (left <= 1) active.delete(fault)
        else active.set(fault, left - 1)
        return fault.answer
      }
      return undefined
    },
  }
}
