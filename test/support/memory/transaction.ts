import type { Tx } from '../../../app/reconcile/ports/store.ts'

/** Resolved once who holds it, and once all who share it since, have ended. */
type Lock = { readonly alone: Promise<unknown>; readonly shared: Promise<unknown> }
const free: Lock = { alone: Promise.resolve(), shared: Promise.resolve() }

type Open = { readonly commit: (() => void)[]; readonly release: Map<string, () => void> }

/** Transactions over memory: effects at commit, locks until the end, nothing left after a throw. */
export const memoryTransactions = () => {
  const open = new Map<Tx, Open>()
  const locks = new Map<string, Lock>()
  const of = (tx: Tx): Open => {
    const found = open.get(tx)
    if (found === undefined) throw new Error('the transaction has ended')
    return found
  }
  return {
    async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
      const tx = {} as Tx
      const own: Open = { commit: [], release: new Map() }
      open.set(tx, own)
      try {
        const answer = await work(tx)
        for (const effect of own.commit) effect()
        return answer
      } finally {
        open.delete(tx)
        for (const release of own.release.values()) release()
      }
    },
    onCommit(tx: Tx, effect: () => void): void {
      of(tx).commit.push(effect)
    },
    /** Waits until no other transaction holds `key`, or shares it, then holds it to the end. */
    async lock(tx: Tx, key: string): Promise<void> {
      const { alone, shared } = locks.get(key) ?? free
      const before = Promise.all([alone, shared])
      const released = hold(of(tx), key)
      if (released === undefined) return
      locks.set(key, { alone: before.then(() => released), shared: free.shared })
      await before
    },
    /** Waits until no other transaction holds `key`, then shares it to the end. */
    async share(tx: Tx, key: string): Promise<void> {
      const { alone, shared } = locks.get(key) ?? free
      const released = hold(of(tx), key)
      if (released === undefined) return
      locks.set(key, { alone, shared: Promise.all([shared, released]) })
      await alone
    },
  }
}
/** Resolves when the transaction ends; undefined: it has the key already. */
const hold = ({ release }: Open, key: string): Promise<void> | undefined => {
  if (release.has(key)) return undefined
  const { promise, resolve } = Promise.withResolvers<void>()
  release.set(key, resolve)
  return promise
}

export type MemoryTransactions = ReturnType<typeof memoryTransactions>
